export { OPENAI_ERRORS, openAiError, type OpenAiError } from './errors.js';
export { eventText, LAST_EVENT, readEvents } from './events.js';
