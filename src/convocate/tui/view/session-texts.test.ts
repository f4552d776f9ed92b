import { expect, test } from 'vitest';
import { sessionAt } from './cluster-fixture.ts';
import { agentText, imageText, markedNameText } from './session-texts.ts';

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
