import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/auth-api.js';
import { useAuthApi } from '../../support/harness.js';
import { MailSink } from '../../support/mail-sink.js';

describe('POST /auth/verify-email', () => {
  const api = useAuthApi('verify-email', { SMTP_CONFIGURED: 'true' });
  const sink = new MailSink();
  const verify = (token: string) => api.post('/auth/verify-email', { token });

  beforeAll(async () => {
    const smtpServer = {
      host: '127.0.0.1',
      port: String(await sink.listen()),
      from: 'gatehouse@example.com',
    };
    await api.keycloak.request('PUT', '', { smtpServer });
  });
  afterAll(async () => {
    await api.keycloak.request('PUT', '', { smtpServer: {} });
    await sink.close();
  });

  describe('202', () => {
    it('has Keycloak send the mail to the address of the person', async () => {
      const member = await api.member();
      const { status, body } = await verify(member.accessToken);
      expect({ status, body }).toEqual({ status: 202, body: undefined });
      await eventually(
        () => sink.mails.some((mail) => mail.includes(`To: ${member.email}`)),
        'the mail is there',
      );
    });
  });

  describe('401', () => {
    it('a stranger has nothing to confirm', async () => {
      expect((await api.post('/auth/verify-email')).status).toBe(401);
    });

    it.each(['disabled', 'deleted'])('one who was %s a moment ago confirms nothing', async (state) => {
      const member = await api.member();
      if (state === 'disabled') await api.keycloak.setEnabled(member.id, false);
      else await api.keycloak.deleteUser(member.id);
      expect((await verify(member.accessToken)).body.reason).toBe(`user-${state}`);
    });
  });

  describe('403', () => {
    it('a guest is told how to upgrade', async () => {
      const { status, body } = await verify((await api.guest()).accessToken);
      expect({ status, type: body.type }).toEqual({
        status: 403,
        type: '/docs/problems/users/guest-may-not',
      });
    });

    it('an API key confirms nothing', async () => {
      const { key } = await api.key(await api.anyone());
      const { status, body } = await api.post('/auth/verify-email', { apiKey: key });
      expect({ status, type: body.type }).toEqual({
        status: 403,
        type: '/docs/problems/users/session-needed',
      });
    });
  });
});

describe('POST /auth/verify-email where no mail is set up', () => {
  const api = useAuthApi('verify-email-none');

  describe('404', () => {
    it('says so', async () => {
      const { status, body } = await api.post('/auth/verify-email', {
        token: (await api.anyone()).accessToken,
      });
      expect({ status, type: body.type }).toEqual({
        status: 404,
        type: '/docs/problems/auth/mail-not-set-up',
      });
    });
  });
});
