import { Body, Controller, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { GatewayCallGuard } from '../api-keys/index.js';
import { Public } from '#principal';
import { UsageBatchDto } from './usage.dto.js';
import { UsageService } from './usage.service.js';

/** On the internal port alone: what gateway nodes report every few seconds. */
@ApiExcludeController()
@Controller('internal/usage')
@Public()
@UseGuards(GatewayCallGuard)
export class UsageController {
  constructor(private readonly usage: UsageService) {}

  @Post()
  @HttpCode(204)
  async report(@Body() batch: UsageBatchDto): Promise<void> {
    await this.usage.count(batch);
  }
}
