import { compareText } from '../../base/compare-text.ts';
import type { ShellClient } from '../../cluster/shell-client.ts';
import type { WatchNews } from '../../cluster/cluster-watch.ts';
import { errorWords } from './error-words.ts';
import type { Cluster } from './state.ts';

export interface ClusterSource {
  close(): void;
}

type Tell = (cluster: Cluster, first: boolean) => void;

/**
 * Brings the picture of the cluster for as long as the UI runs. When the service goes away or hangs, what was seen last
 * stays, marked as lost.
 */
export function watchCluster(shell: ShellClient, before: Cluster, tell: Tell): ClusterSource {
  let cluster = before;
  return shell.watch((news) => {
    cluster = after(cluster, news, Date.now());
    tell(cluster, news.kind === 'snapshot');
  });
}

function after(cluster: Cluster, news: WatchNews, nowMs: number): Cluster {
  if (news.kind === 'lost') {
    const connection = news.picture ? 'lost' : 'connecting';
    return { ...cluster, connection, sinceMs: Date.parse(news.since), problem: errorWords(news.error) };
  }
  const { name, version, load, agents, sessions } = news.picture;
  const wasLive = cluster.connection === 'live';
  return {
    connection: 'live',
    sinceMs: wasLive ? cluster.sinceMs : nowMs,
    ...{ name, version, load, sessions },
    agents: [...agents.values()].sort((a, b) => compareText(a.host, b.host)),
  };
}
