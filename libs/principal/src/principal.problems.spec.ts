import { describe, expect, it } from '@jest/globals';
import { InsufficientScope, type Reason, REASONS, Unauthenticated } from './principal.problems.js';

const reasons = Object.keys(REASONS) as Reason[];

describe('a refusal', () => {
  it('without any credential challenges without an error code', () => {
    expect(Unauthenticated({ reason: 'missing', realm: 'jan' }).headers).toEqual({
      'www-authenticate': 'Bearer realm="jan"',
    });
  });

  it.each(reasons)('for %s has a text that fits into a challenge (RFC 6750 §3)', (reason) => {
    expect(Unauthenticated({ reason, realm: 'jan' }).detail).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/);
  });

  it('of a credential names the error', () => {
    const { headers, extensions } = Unauthenticated({ reason: 'expired', realm: 'jan' });
    expect(headers['www-authenticate']).toMatch(
      /^Bearer realm="jan", error="invalid_token", error_description="The token has expired\. [^"]+"$/,
    );
    expect(extensions).toEqual({ reason: 'expired' });
  });

  it('for want of scopes lists them', () => {
    expect(InsufficientScope({ scopes: ['llm', 'media:read'], realm: 'jan' }).headers).toEqual({
      'www-authenticate': 'Bearer realm="jan", error="insufficient_scope", scope="llm media:read"',
    });
  });
});
