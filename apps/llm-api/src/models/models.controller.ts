import { Controller, Get, Param } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiExcludeEndpoint,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiSecurity,
  ApiTags,
} from '@nestjs/swagger';
import { Scopes } from '#principal';
import { ApiProblems } from '#problem';
import {
  type Model,
  ModelNotFound,
  ProviderFailed,
  Providers,
  ProviderTooSlow,
  ProviderUnavailable,
} from '../providers/index.js';
import { MODEL_ANSWER, MODELS_ANSWER } from './models.openapi.js';

/** What there is to chat with. */
@ApiTags('models')
@ApiBearerAuth('session')
@ApiSecurity('api key')
@Controller('v1/models')
@Scopes('llm:read')
export class ModelsController {
  constructor(private readonly providers: Providers) {}

  @Get()
  @ApiOperation({ summary: 'All models', operationId: 'listModels' })
  @ApiOkResponse(MODELS_ANSWER)
  @ApiProblems(ProviderFailed, ProviderUnavailable, ProviderTooSlow)
  async list(): Promise<{ object: 'list'; data: readonly Model[] }> {
    return { object: 'list', data: (await this.providers.models()).map(complete) };
  }

  @Get('catalogs/:id')
  @ApiOperation({
    summary: 'One model; a slash in its id may be written as %2F or as it is',
    operationId: 'getModel',
  })
  @ApiParam({ name: 'id', example: 'qwen/qwen2.5-0.5b-instruct' })
  @ApiOkResponse(MODEL_ANSWER)
  @ApiProblems(ModelNotFound, ProviderFailed, ProviderUnavailable, ProviderTooSlow)
  async get(@Param('id') id: string): Promise<Model> {
    return complete(await this.providers.model(id));
  }

  @Get(':id')
  @ApiOperation({
    summary: "One model, where OpenAI's clients ask for it; a slash in its id is written as %2F",
    operationId: 'retrieveModel',
  })
  @ApiParam({ name: 'id', example: 'qwen/qwen2.5-0.5b-instruct' })
  @ApiOkResponse(MODEL_ANSWER)
  @ApiProblems(ModelNotFound, ProviderFailed, ProviderUnavailable, ProviderTooSlow)
  retrieve(@Param('id') id: string): Promise<Model> {
    return this.get(id);
  }

  /** The same, for clients that do not encode slashes. */
  @Get('catalogs/:owner/*')
  @ApiExcludeEndpoint()
  getUnencoded(@Param('owner') owner: string, @Param('*') name: string): Promise<Model> {
    return this.get(`${owner}/${name}`);
  }
}

/** Some servers say less of their models than OpenAI does. */
function complete(model: Model): Model {
  const { created, owned_by: owner } = model as { created?: unknown; owned_by?: unknown };
  return {
    ...model,
    object: 'model',
    created: Number.isInteger(created) ? (created as number) : 0,
    owned_by: typeof owner === 'string' ? owner : 'unknown',
  };
}
