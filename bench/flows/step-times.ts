export interface StepTime {
  readonly title: string;
  readonly ms: number;
}

/** From when each step began to how long it took: to the beginning of the next one. */
export function stepTimes(
  begins: readonly { readonly ms: number; readonly title: string }[],
  endMs: number,
): StepTime[] {
  return begins.map(({ ms, title }, index) => ({ title, ms: (begins[index + 1]?.ms ?? endMs) - ms }));
}

/** One line for people: "connecting 420 ms, taking the lock 80 ms". */
export function describeSteps(steps: readonly StepTime[]): string {
  return steps.map(({ title, ms }) => `${title} ${Math.round(ms)} ms`).join(', ');
}
