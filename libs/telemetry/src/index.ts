export { createLogger, NestLogger, type LoggerOptions } from './logger.js';
export { logProcessOutput } from './process-output.js';
export { registry, startDefaultMetrics } from './metrics.js';
export { logRequests, requestId, type DescribeCaller } from './request-log.js';
export { LOGGER, TelemetryModule } from './telemetry.module.js';
export { traceHeaders, startTracing, startClientSpan, isTracing } from './tracing/tracing.js';
