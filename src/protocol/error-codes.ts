/** Every code an RPC answer may carry, and whether sending the same request again makes sense. */
export const ERROR_CODES = {
  bad_request: { retry: 'never', meaning: 'the request is damaged, or a parameter breaks its rule' },
  unknown_op: { retry: 'never', meaning: 'this agent has no such operation' },
  not_found: { retry: 'never', meaning: 'no such session' },
  conflict: { retry: 'after-change', meaning: 'the state of the session or another session forbids it' },
  refused: { retry: 'after-change', meaning: 'the agent host is not fit for it, or its rules forbid it' },
  busy: { retry: 'later', meaning: 'another change to the same session is under way' },
  docker: { retry: 'later', meaning: 'Docker on the agent host failed' },
  internal: { retry: 'never', meaning: 'a bug of the agent; its journal has the trace' },
} as const satisfies Record<string, { retry: 'never' | 'later' | 'after-change'; meaning: string }>;

export type ErrorCode = keyof typeof ERROR_CODES;

export function isErrorCode(value: string): value is ErrorCode {
  return Object.hasOwn(ERROR_CODES, value);
}

/** A refusal that travels over the wire: `message` is text for the operator. */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
