import { LIMITS } from '../protocol/limits.ts';
import { RPC, type RpcOp } from '../protocol/rpc.ts';

/** How long the answer to a call may take, from when it is sent. */
export function callMs(op: RpcOp): number {
  return RPC[op].changes ? LIMITS.changeCallMs : LIMITS.readCallMs;
}

/** How long a call may wait before it is sent. */
export function turnMs(op: RpcOp): number {
  return Math.min(LIMITS.turnMs, callMs(op));
}
