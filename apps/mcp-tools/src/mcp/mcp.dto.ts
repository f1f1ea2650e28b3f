import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

export class JsonRpcErrorDto {
  @ApiProperty({ type: 'integer', example: -32600 })
  code!: number;

  @ApiProperty()
  message!: string;

  @ApiPropertyOptional({ description: 'More about it.' })
  data?: unknown;
}

/** An answer of JSON-RPC 2.0: `result` or `error`. */
export class JsonRpcAnswerDto {
  @ApiProperty({ enum: ['2.0'] })
  jsonrpc!: '2.0';

  @ApiProperty({
    oneOf: [{ type: 'string' }, { type: 'number' }],
    nullable: true,
    description: 'Of the request.',
  })
  id!: string | number | null;

  @ApiPropertyOptional({ type: 'object', additionalProperties: true })
  result?: Record<string, unknown>;

  @ApiPropertyOptional({ type: JsonRpcErrorDto })
  error?: JsonRpcErrorDto;
}
