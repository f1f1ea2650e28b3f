import { type DynamicModule, Module } from '@nestjs/common';
import { ServiceClient } from '#service';
import { Tools } from '../tools/index.js';
import { McpController } from './mcp.controller.js';
import { MCP_OPTIONS, type McpOptions } from './mcp.options.js';
import { MessageHandler } from './message-handler.service.js';

@Module({})
export class McpModule {
  static forRoot(options: McpOptions): DynamicModule {
    const tools = new Tools({
      realm: options.realm,
      llmApi: new ServiceClient(options.llmApi),
      mediaApi: new ServiceClient(options.mediaApi),
    });
    return {
      module: McpModule,
      controllers: [McpController],
      providers: [
        { provide: MCP_OPTIONS, useValue: options },
        { provide: Tools, useValue: tools },
        MessageHandler,
      ],
    };
  }
}
