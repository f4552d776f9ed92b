/** A session's name in maps over the whole cluster: two agents may hold one UUID while a session moves between them. */
export function sessionKey(agentId: string, uuid: string): string {
  return `${agentId}/${uuid}`;
}

export function splitSessionKey(key: string): { agent_id: string; uuid: string } {
  const slash = key.indexOf('/');
  return { agent_id: key.slice(0, slash), uuid: key.slice(slash + 1) };
}
