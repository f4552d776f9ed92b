import { pollUntil } from '../../base/deadline.ts';
import { OperationError, messageOf } from '../../base/errors.ts';
import { connectAgent } from '../../cluster/agent-client.ts';
import { type AgentRecord, loadCredentials } from '../../cluster/registry.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';

export interface ExpectedAnswer {
  readonly version: string;
  readonly imageTag?: string;
}

/** Asks the agent on 222, each time over a new connection, until it answers as that version and reaches its Docker. */
export async function waitForAnswer(
  record: AgentRecord,
  expected: ExpectedAnswer,
  timeoutMs: number,
): Promise<void> {
  const credentials = await loadCredentials(record.agentId);
  let lastWord = 'no answer';
  const ask = async (): Promise<true | undefined> => {
    try {
      await using agent = await connectAgent(record, credentials, { timeoutMs: 5_000 });
      const { version, image_tag, docker } = await agent.call('ping', null);
      lastWord = `it answers as ${version} with ${image_tag}`;
      if (docker === false) lastWord += ', but cannot reach Docker';
      const isExpected =
        version === expected.version && (expected.imageTag ?? image_tag) === image_tag && docker !== false;
      return isExpected ? true : undefined;
    } catch (error) {
      lastWord = messageOf(error);
      return undefined;
    }
  };
  try {
    await pollUntil(ask, { timeoutMs, intervalMs: 100, what: 'the agent' });
  } catch (cause) {
    throw new OperationError(
      `the agent does not answer on ${record.address}:${record.port} as ${expected.version}`,
      {
        host: record.host,
        output: lastWord,
        hint: `look at it with: journalctl -u ${AGENT_HOST.unit}; roll out the version before this one to go back`,
        cause,
      },
    );
  }
}
