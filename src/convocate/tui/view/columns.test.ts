import { describe, expect, test } from 'vitest';
import { layoutOf } from '../layout.ts';
import { KINDS, NOW_MS, agentAt, sessionAt, stateWith } from './cluster-fixture.ts';
import { EDGE, GAP, columnsFor } from './columns.ts';

const EVERYWHERE = ['state', 'name', 'activity', 'agent', 'image', 'port', 'age'];
const LONG = sessionAt(1, {
  name: 'n'.repeat(64),
  host: 'a-host-with-a-long-name.example.net',
  image: 'convocate:v1.4.0-12-gabcdef0-dirty',
  older_image: true,
  port: 65_535,
  dns_name: 'a-long-label.and-another.lab',
});

/** The list in a window of this width, beside the preview where there is one. */
function listIn(cols: number, rows = KINDS) {
  const { cluster } = stateWith({ cols, rows: 40 }, [agentAt(0)], rows);
  const width = cols - layoutOf({ size: { cols, rows: 40 }, cluster, nowMs: NOW_MS }).previewCols;
  return { width, columns: columnsFor(width, rows) };
}

const idsIn = (cols: number) => listIn(cols).columns.map(({ id }) => id);
const widths = Array.from({ length: 221 }, (_, index) => 80 + index);

describe('from 80 columns on', () => {
  test.each(EVERYWHERE)('%s is in the list at every width, a preview beside it or not', (id) => {
    expect(widths.filter((cols) => !idsIn(cols).some((shown) => shown === id))).toEqual([]);
  });

  test('more columns come with the width, with the preview and without', () => {
    expect(idsIn(80)).toHaveLength(7);
    expect([84, 99, 108].map((cols) => idsIn(cols).length)).toEqual([8, 10, 11]);
    expect([120, 130, 145, 154].map((cols) => idsIn(cols).length)).toEqual([7, 8, 10, 11]);
  });

  test('all of them are there from 154 columns on', () => {
    for (const cols of widths.filter((width) => width >= 154)) expect(idsIn(cols)).toHaveLength(11);
  });

  test.each([
    ['short', KINDS],
    ['as long as can be', [LONG]],
  ])('they fill the list exactly where texts are %s, and a port is read whole', (_, rows) => {
    for (const cols of widths) {
      const { width, columns } = listIn(cols, rows);
      const used = columns.reduce((sum, column) => sum + column.width + GAP, 2 * EDGE - GAP);
      expect(used).toBe(width);
      expect(columns.find(({ id }) => id === 'port')?.width).toBeGreaterThanOrEqual(8);
    }
  });
});
