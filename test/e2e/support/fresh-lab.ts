// The machines of one test file. What a run of it that was killed has left behind is removed first.
import { type ClusterOptions, openCluster } from '../../../lab/cluster.ts';
import { openEngine } from '../../../lab/engine.ts';
import { type Lab, type LabOptions, openLab } from '../../../lab/lab.ts';
import { removeLab } from '../../../lab/remove.ts';

export async function freshLab(options: LabOptions): Promise<Lab> {
  await removeLab((await openEngine()).docker, options.name);
  return await openLab(options);
}

export async function freshCluster(options: ClusterOptions): Promise<Lab> {
  await removeLab((await openEngine()).docker, options.name);
  return await openCluster(options);
}
