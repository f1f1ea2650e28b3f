import { ApiProperty } from '@nestjs/swagger';
import { IsUUID } from 'class-validator';
import { IsText, Optional, ShortPageQuery } from '#service';
import type { MediaObject } from '../store/index.js';
import { MAX_FILENAME } from './filename.js';
import { MEDIA_TYPES } from './media-types.js';

export class UploadQuery {
  @ApiProperty({
    required: false,
    minLength: 1,
    maxLength: MAX_FILENAME,
    description: 'Wins over the name in Content-Disposition.',
  })
  @Optional()
  @IsText({ min: 1, max: MAX_FILENAME })
  filename?: string;
}

export class MediaListQuery extends ShortPageQuery {
  @ApiProperty({ required: false, format: 'uuid', description: '`next_cursor` of the page before.' })
  @Optional()
  @IsUUID()
  cursor?: string;
}

export class MediaDto {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ type: String, nullable: true, maxLength: MAX_FILENAME })
  filename!: string | null;

  @ApiProperty({ enum: MEDIA_TYPES, description: 'What it is served as; text is UTF-8.' })
  type!: string;

  @ApiProperty({ type: 'integer', minimum: 1 })
  bytes!: number;

  @ApiProperty({ format: 'date-time' })
  created_at!: string;
}

export class MediaPageDto {
  @ApiProperty({ type: [MediaDto] })
  items!: MediaDto[];

  @ApiProperty({
    type: String,
    nullable: true,
    format: 'uuid',
    description: '`cursor` of the next page; null at the end.',
  })
  next_cursor!: string | null;
}

export function toMediaDto({ id, filename, type, bytes, createdAt }: MediaObject): MediaDto {
  return { id, filename: filename ?? null, type, bytes, created_at: createdAt.toISOString() };
}
