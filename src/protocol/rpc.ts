import * as z from 'zod/mini';
import { en } from 'zod/locales';
import { Activity, Evidence } from './activity.ts';
import { AgentSettings, AgentSettingsChange } from './agent-settings.ts';
import { type ErrorCode, isErrorCode } from './error-codes.ts';
import { LIMITS } from './limits.ts';
import { AgentId, DnsName, Protocol, Session, SessionId, SessionName, SessionPort } from './session.ts';

// zod/mini comes without words; refusals are read by people.
z.config(en());

const None = z.nullish(z.looseObject({}));
const OneSession = z.object({ id: SessionId });
/** A key as tmux calls it, which may be any one character of ASCII. The agent knows which there are. */
const KeyName = z.string().check(z.regex(/^[!-~]{1,16}$/, 'must be a key by its tmux name'));

/** What a session's terminal shows. */
export const Screen = z.object({
  /** Lines joined by newlines, without spaces at their ends. */
  text: z.string(),
  cols: z.int(),
  rows: z.int(),
  /** Of the terminal, as the program set it. */
  title: z.string(),
  /** From 0, within the screen; absent where it is hidden. */
  cursor: z.optional(z.object({ x: z.int(), y: z.int() })),
});
export type Screen = z.infer<typeof Screen>;
/** In `edit`, an absent or an empty name keeps the old one. */
const NameOrKeep = z.union([z.literal(''), SessionName]);

/** A rollout that a host took back by itself, or was told to. */
export const RolledBack = z.object({
  /** The release that was left. */
  from: z.string(),
  /** The release that it went back to; the same one where going back failed for good, and it stays. */
  to: z.string(),
  reason: z.string(),
  /** By the host's own clock; RFC 3339. */
  at: z.string(),
});
export type RolledBack = z.infer<typeof RolledBack>;

export const Ping = z.object({
  agent_id: AgentId,
  version: z.string(),
  protocol: z.int(),
  server_time: z.string(),
  image_tag: z.string(),
  /** Docker answers the agent. */
  docker: z.optional(z.boolean()),
  /** The last rollout here was taken back, and no one has said that they have seen it. */
  rolled_back: z.optional(RolledBack),
});

/**
 * One schema per operation of `convocate-agent-rpc`; both sides read this table and nothing else says what an
 * operation takes or gives. `changes` tells whether it may alter anything, and so how long a client waits.
 */
export const RPC = {
  ping: { params: None, result: Ping, changes: false },
  list: { params: None, result: z.array(Session), changes: false },
  get: { params: OneSession, result: Session, changes: false },
  create: {
    params: z.object({
      name: SessionName,
      port: z.optional(SessionPort),
      protocol: z.optional(Protocol),
      dns_name: z.optional(DnsName),
    }),
    result: Session,
    changes: true,
  },
  edit: {
    params: z.object({
      id: SessionId,
      name: z.optional(NameOrKeep),
      port: z.optional(SessionPort),
      protocol: z.optional(Protocol),
      dns_name: z.optional(DnsName),
    }),
    result: Session,
    changes: true,
  },
  clone: {
    params: z.object({ source_id: SessionId, name: SessionName }),
    result: z.extend(Session, { skipped_files: z.optional(z.int()) }),
    changes: true,
  },
  delete: { params: OneSession, result: z.null(), changes: true },
  kill: { params: OneSession, result: z.null(), changes: true },
  restart: { params: OneSession, result: z.null(), changes: true },
  background: { params: OneSession, result: z.null(), changes: true },
  override: { params: OneSession, result: z.null(), changes: true },
  screen: {
    params: z.object({
      id: SessionId,
      /** Lines of scrollback above the screen. */
      scrollback: z.optional(z.int().check(z.gte(0), z.lte(LIMITS.scrollbackLines))),
      /** With the escape sequences of colours and styles. */
      styled: z.optional(z.boolean()),
    }),
    result: Screen,
    changes: false,
  },
  send: {
    params: z.object({
      id: SessionId,
      /** Typed as it is, before the keys. */
      text: z.optional(z.string().check(z.maxLength(LIMITS.sendCharacters))),
      /** By tmux's names, such as "Enter", "C-c", "Up". */
      keys: z.optional(z.array(KeyName).check(z.maxLength(LIMITS.sendKeys))),
    }),
    result: z.null(),
    changes: true,
  },
  logs: {
    params: z.object({
      id: SessionId,
      /** So many of the last lines. */
      tail: z.optional(z.int().check(z.gte(1), z.lte(LIMITS.logLines))),
    }),
    result: z.object({
      text: z.string(),
      /** Older lines were left out, by `tail` or because an answer is limited. */
      truncated: z.boolean(),
    }),
    changes: false,
  },
  explain: {
    params: OneSession,
    result: z.object({ activity: Activity, evidence: z.array(Evidence) }),
    changes: false,
  },
  'settings-get': { params: None, result: AgentSettings, changes: false },
  'settings-set': { params: AgentSettingsChange, result: AgentSettings, changes: true },
} as const;

export type RpcOp = keyof typeof RPC;
export type RpcParams<Op extends RpcOp> = z.infer<(typeof RPC)[Op]['params']>;
export type RpcResult<Op extends RpcOp> = z.infer<(typeof RPC)[Op]['result']>;

export function isRpcOp(value: string): value is RpcOp {
  return Object.hasOwn(RPC, value);
}

export const RpcRequest = z.object({ op: z.string(), params: z.optional(z.unknown()) });

export const RpcAnswer = z.union([
  z.object({ ok: z.literal(true), result: z.unknown() }),
  z.object({
    ok: z.literal(false),
    error: z.string(),
    code: z.pipe(
      z.string(),
      z.transform((code): ErrorCode => (isErrorCode(code) ? code : 'internal')),
    ),
  }),
]);

/** `params.name: must be …` for the first thing wrong, as a person wants to read it. */
export function describeIssue(error: z.core.$ZodError, root: string): string {
  const [issue] = error.issues;
  if (!issue) return `${root} is not valid`;
  const path = [root, ...issue.path.map(String)].join('.');
  return `${path}: ${issue.message}`;
}
