import type { FastifyReply, FastifyRequest } from 'fastify';
import type { TokenSet } from '#keycloak';
import type { TokensDto } from './auth.dto.js';
import type { AuthOptions } from './auth.options.js';
import { refreshCookie, tokenFromCookie } from './refresh-cookie.js';

/** A refresh token and the way it came, which is also the way its successor goes back. */
export interface SentToken {
  readonly value: string;
  readonly byCookie: boolean;
}

/** Body before bearer before cookie: what a program sends on purpose wins over what a browser adds by itself. */
export function sentToken(
  request: FastifyRequest,
  body: string | undefined,
  { cookieOrigins }: AuthOptions,
): SentToken | undefined {
  if (body !== undefined) return { value: body, byCookie: false };
  const bearer = /^Bearer +([^\s]+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (bearer !== undefined) return { value: bearer, byCookie: false };
  const cookie = tokenFromCookie(request, cookieOrigins);
  return cookie === undefined ? undefined : { value: cookie, byCookie: true };
}

/** Tokens as an answer; with `byCookie` the refresh token goes into the cookie and not into the body. */
export function answerTokens(
  reply: FastifyReply,
  tokens: TokenSet,
  byCookie: boolean,
  { secureCookies }: AuthOptions,
): TokensDto {
  const { access_token, refresh_token, token_type, expires_in, refresh_expires_in } = tokens;
  void reply.header('cache-control', 'no-store');
  if (byCookie)
    void reply.header('set-cookie', refreshCookie(refresh_token, refresh_expires_in, secureCookies));
  return {
    access_token,
    ...(byCookie ? {} : { refresh_token }),
    token_type,
    expires_in,
    refresh_expires_in,
  };
}
