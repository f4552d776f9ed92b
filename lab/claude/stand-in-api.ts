/**
 * A stand-in for the Anthropic API, so that the real Claude Code works in the lab without an account or the internet.
 * Its answer depends on the request alone: the same conversation always gets the same next step.
 *
 *   node stand-in-api.ts --listen 172.17.0.1:8088 [--word-ms 150]
 *
 * One file of node builtins only, so that it can be copied onto any machine that has Node 24. It logs one line per
 * request to stderr, and never a key.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

type Block =
  | { type: 'text'; text: string }
  | { type: 'tool_use'; id: string; name: string; input: Record<string, string> }
  | { type: 'tool_result' | 'thinking' | 'image' };
interface Message {
  role: 'user' | 'assistant';
  content: string | Block[];
}
interface MessagesRequest {
  model?: string;
  stream?: boolean;
  system?: string | { text: string }[];
  messages: Message[];
  tools?: { name: string }[];
}
interface Answer {
  text: string;
  tool?: { name: string; input: Record<string, string> };
}

// ---- What it says ----------------------------------------------------------------------------------------------

const defaultSteps = 3;
const steps = [
  'I read the code around the scheduler first. The queue is drained in one place, so a change there is enough.',
  'Two tests hold the old behaviour. I keep them and write down what the third one has to prove.',
  'The retry loop gives up one attempt too early. I move the check behind the increment and note why.',
  'Next come the error texts. Each one now says what failed, on which host, and what to do next.',
  'I measured the slow path again: most of the time goes into hashing, which runs once per layer.',
];

/** The next thing to say in a conversation, and the tool to use with it as long as there is work left. */
export function nextAnswer(request: MessagesRequest): Answer {
  // Without tools it is one of the program's own small questions, such as a title for the terminal.
  if (!request.tools?.some((tool) => tool.name === 'Write')) {
    return { text: JSON.stringify({ isNewTopic: true, title: 'Working on the scheduler' }) };
  }

  const prompt = lastPrompt(request.messages);
  const stepsDone = request.messages.length - 1 - prompt.index;
  const step = Math.floor(stepsDone / 2) + 1;
  const wanted = wantedSteps(prompt.text);
  if (step > wanted) {
    return {
      text: `Done: ${wanted} of ${wanted} steps for "${firstLine(prompt.text)}". Everything is in ./work.`,
    };
  }

  const intro = steps[(step - 1) % steps.length] ?? '';
  if (prompt.text.includes('ask permission')) {
    const [, seconds = '0'] = /\bfor (\d{1,3}) seconds\b/.exec(prompt.text) ?? [];
    return {
      text: 'For this I need a command that I may not run without asking.',
      tool: { name: 'Bash', input: { command: `sudo sleep ${seconds}`, description: 'Let root sleep' } },
    };
  }
  const number = String(step).padStart(3, '0');
  const workingDirectory = /working directory: (\/[^\s\\]*)/i.exec(wholeText(request))?.[1] ?? '/home/claude';
  return {
    text: `Step ${step} of ${wanted}. ${intro}`,
    tool: {
      name: 'Write',
      input: {
        // The message's index in it makes the path new in a conversation: Write refuses a file it has not read.
        file_path: `${workingDirectory}/work/${prompt.index}-step-${number}.md`,
        content: `# Step ${step} of ${wanted}\n\n${intro}\n`,
      },
    },
  };
}

/** `… in 20 steps` asks for as many; `ask permission [for 20 seconds]` is one tool call that needs the operator. */
function wantedSteps(prompt: string): number {
  if (prompt.includes('ask permission')) return 1;
  return Number(/\b(\d{1,5}) steps?\b/.exec(prompt)?.[1] ?? defaultSteps);
}

/** The last message in which a person typed something; what follows it are tool calls and their results. */
function lastPrompt(messages: Message[]): { index: number; text: string } {
  const index = messages.findLastIndex(({ role, content }) => role === 'user' && typedText(content) !== '');
  return { index, text: typedText(messages[index]?.content ?? '') };
}

/** Without what the program itself adds around it: reminders, and the notice that a tool call was interrupted. */
function typedText(content: string | Block[]): string {
  const texts =
    typeof content === 'string' ? [content] : content.map((b) => (b.type === 'text' ? b.text : ''));
  return texts
    .map((text) => text.replaceAll(/<system-reminder>.*?<\/system-reminder>/gs, '').trim())
    .filter((text) => text !== '' && !text.startsWith('[Request interrupted'))
    .join('\n');
}

function firstLine(text: string): string {
  return (text.split('\n')[0] ?? '').slice(0, 60);
}

function wholeText({ system, messages }: MessagesRequest): string {
  const systemText =
    typeof system === 'string' ? system : (system ?? []).map((block) => block.text).join('\n');
  return `${systemText}\n${messages.map((message) => JSON.stringify(message.content)).join('\n')}`;
}

// ---- How it says it --------------------------------------------------------------------------------------------

function blocksOf(answer: Answer, messageId: string): Block[] {
  const text = { type: 'text' as const, text: answer.text };
  return answer.tool ? [text, { type: 'tool_use', id: `toolu_${messageId}`, ...answer.tool }] : [text];
}

function messageOf(request: MessagesRequest, id: string): Record<string, unknown> {
  const usage = { input_tokens: tokensIn(request), output_tokens: 1 };
  return { id, type: 'message', role: 'assistant', model: request.model, content: [], usage };
}

function stopOf(answer: Answer): Record<string, unknown> {
  return { stop_reason: answer.tool ? 'tool_use' : 'end_turn', stop_sequence: null };
}

function tokensIn(request: MessagesRequest): number {
  return Math.ceil(wholeText(request).length / 4);
}

async function stream(response: ServerResponse, request: MessagesRequest, answer: Answer, wordMs: number) {
  const id = nextMessageId();
  const send = (type: string, fields: object) => {
    response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`);
  };

  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  send('message_start', { message: messageOf(request, id) });
  for (const [index, block] of blocksOf(answer, id).entries()) {
    if (block.type === 'text') {
      send('content_block_start', { index, content_block: { type: 'text', text: '' } });
      for (const word of block.text.match(/\S+\s*/g) ?? []) {
        if (response.destroyed) return; // the program was interrupted
        send('content_block_delta', { index, delta: { type: 'text_delta', text: word } });
        await sleep(wordMs);
      }
    } else if (block.type === 'tool_use') {
      send('content_block_start', { index, content_block: { ...block, input: {} } });
      const input = JSON.stringify(block.input);
      send('content_block_delta', { index, delta: { type: 'input_json_delta', partial_json: input } });
    }
    send('content_block_stop', { index });
  }
  send('message_delta', {
    delta: stopOf(answer),
    usage: { output_tokens: Math.ceil(answer.text.length / 4) },
  });
  send('message_stop', {});
  response.end();
}

let messageCount = 0;
function nextMessageId(): string {
  messageCount += 1;
  // The time keeps ids apart when a conversation meets a stand-in that was started again.
  return `msg_${Date.now().toString(36)}${messageCount}`;
}

// ---- The server ------------------------------------------------------------------------------------------------

async function answerRequest(
  incoming: IncomingMessage,
  response: ServerResponse,
  wordMs: number,
): Promise<string> {
  const path = new URL(incoming.url ?? '/', 'http://stand-in').pathname;
  const json = (status: number, body: object, note = '') => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(incoming.method === 'HEAD' ? undefined : JSON.stringify(body));
    return `${status} ${note}`;
  };

  if (incoming.method !== 'POST') return json(path === '/' ? 200 : 404, notFound);
  if (!incoming.headers['x-api-key'] && !incoming.headers.authorization) return json(401, noKey, 'no key');
  if (!path.startsWith('/v1/messages')) {
    incoming.resume();
    return json(404, notFound);
  }

  const request = JSON.parse(await bodyOf(incoming)) as MessagesRequest;
  if (path === '/v1/messages/count_tokens') return json(200, { input_tokens: tokensIn(request) });
  const answer = nextAnswer(request);
  const note = `${request.model} "${answer.text.slice(0, 50)}"${answer.tool ? ` + ${answer.tool.name}` : ''}`;
  if (request.stream) {
    await stream(response, request, answer, wordMs);
    return `200 ${note}`;
  }
  const id = nextMessageId();
  return json(200, { ...messageOf(request, id), content: blocksOf(answer, id), ...stopOf(answer) }, note);
}

const notFound = {
  type: 'error',
  error: { type: 'not_found_error', message: 'The stand-in has nothing here' },
};
const noKey = {
  type: 'error',
  error: { type: 'authentication_error', message: 'x-api-key header is required' },
};

async function bodyOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** Listens on `address:port` (port 0: any free one). `wordMs` is the pause after each streamed word. */
export async function startStandInApi(options: {
  address: string;
  port: number;
  wordMs: number;
  log: (line: string) => void;
}): Promise<Server> {
  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const outcome = await answerRequest(incoming, response, options.wordMs).catch((error: unknown) => {
      response.destroy();
      return `failed: ${String(error)}`;
    });
    options.log(`${incoming.method} ${incoming.url} ${outcome}`);
  };
  const server = createServer((incoming, response) => void serve(incoming, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port, options.address, resolve);
  });
  return server;
}

function logToStderr(line: string): void {
  console.error(`stand-in-api: ${line}`);
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      listen: { type: 'string', default: '127.0.0.1:8088' },
      'word-ms': { type: 'string', default: '150' },
    },
  });
  const [, address = '', port = ''] = /^(.*):(\d+)$/.exec(values.listen) ?? [];
  await startStandInApi({ address, port: Number(port), wordMs: Number(values['word-ms']), log: logToStderr });
  logToStderr(`listening on ${values.listen}`);
}
