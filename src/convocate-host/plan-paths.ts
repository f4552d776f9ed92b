import { AGENT_HOST } from '../protocol/host-layout.ts';
import type { PlanInput } from './plan-types.ts';

/** Where every plan finds the links and the stamp; it is told so because it imports nothing. */
export const PLAN_PATHS: PlanInput['paths'] = {
  allowedSigners: AGENT_HOST.allowedSignersFile,
  stamp: AGENT_HOST.currentImageFile,
  current: AGENT_HOST.currentLink,
  previous: AGENT_HOST.previousLink,
  releasesDir: AGENT_HOST.releasesDir,
};
