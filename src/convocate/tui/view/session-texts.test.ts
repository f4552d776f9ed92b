import { expect, test } from 'vitest';
import { sessionAt } from './cluster-fixture.ts';
import { agentText, bytesText, imageText, markedNameText } from './session-texts.ts';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [999_600, '1 MB'],
  [512e6, '512 MB'],
  [999.6e6, '1.0 GB'],
  [1.5e9, '1.5 GB'],
  [42e9, '42 GB'],
  [3e18, '3000 PB'],
])('%d bytes are %s', (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});

test('the mark of an older image is never cut off', () => {
  const session = sessionAt(1, { image: 'convocate:v1.4.0-12-gabcdef0-dirty', older_image: true });
  expect(imageText(session, 10)).toBe('v1.4.0-1…*');
  expect(imageText({ ...session, image: '' })).toBe('-');
});

test('nor is that of a looser profile', () => {
  const session = sessionAt(1, { name: 'payments-api', profile: 'docker' });
  expect(markedNameText(session, 10)).toBe('payments…#');
  expect(markedNameText(session)).toBe('payments-api#');
  expect(markedNameText({ ...session, profile: 'boxed' })).toBe('payments-api');
  expect(markedNameText(sessionAt(1), 20)).toBe('session-1');
});

test('a host is called by its own name, an address is not cut', () => {
  expect(agentText({ host: 'build-a.example.net' })).toBe('build-a');
  expect(agentText({ host: '10.0.0.12' })).toBe('10.0.0.12');
});
