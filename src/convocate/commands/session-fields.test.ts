import { expect, test } from 'vitest';
import { sessionFields } from './session-fields.ts';

test('what is left out stays out', () => {
  expect(sessionFields({})).toEqual({});
  expect(sessionFields({ name: 'a', port: 'auto', protocol: 'udp', dnsName: '' })).toEqual({
    name: 'a',
    port: -1,
    protocol: 'udp',
    dns_name: '',
  });
  expect(sessionFields({ port: '0' })).toEqual({ port: 0 });
});

test.each([
  [{ name: 'a b' }, 'NAME must be 1 to 64 characters of A-Z a-z 0-9 _ -'],
  [{ name: '' }, 'NAME must be 1 to 64 characters of A-Z a-z 0-9 _ -'],
  [{ port: '' }, '--port must be auto, 0 for none, or a port up to 65535'],
  [{ port: '80.5' }, '--port must be'],
  [{ port: '65536' }, '--port must be'],
  [{ protocol: 'sctp' }, '--protocol must be tcp or udp'],
  [{ dnsName: 'Upper' }, '--dns-name must be lowercase DNS labels joined by dots'],
])('%j is bad usage', (options, message) => {
  expect(() => sessionFields(options)).toThrow(
    expect.objectContaining({ exit: 2, message: expect.stringContaining(message) }),
  );
});
