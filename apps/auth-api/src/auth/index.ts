export { TokensDto } from './auth.dto.js';
export { AuthModule } from './auth.module.js';
export { AUTH_OPTIONS, type AuthOptions } from './auth.options.js';
export { answerTokens } from './refresh-token.http.js';
export { passwordAdvice } from './passwords.service.js';
export { SessionsService } from './sessions.service.js';
export { hintOf } from './token-claims.js';
