import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, Max, Min } from 'class-validator';
import { IsText, Optional } from './fields.js';

/** Of a list that is given in pages: where the page before ended, and how much of it is wanted. */
export class PageQuery {
  @ApiProperty({ required: false, description: '`next_cursor` of the page before.', maxLength: 200 })
  @Optional()
  @IsText({ max: 200 })
  cursor?: string;

  @ApiProperty({ required: false, type: 'integer', minimum: 1, maximum: 500, default: 100 })
  @Optional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(500)
  limit = 100;
}

/** How much is wanted of a list of which one page is rarely all; the cursor is of the list's own kind. */
export class ShortPageQuery {
  @ApiProperty({ required: false, type: 'integer', minimum: 1, maximum: 100, default: 50 })
  @Optional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(100)
  limit = 50;
}
