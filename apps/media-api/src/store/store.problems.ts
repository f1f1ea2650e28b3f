import { defineProblem } from '#problem';

export const StoreUnavailable = defineProblem({
  type: 'media/store-unavailable',
  status: 503,
  title: 'Files cannot be reached',
  detail: 'The store of the files does not answer. Try again in a few seconds.',
  headers: () => ({ 'retry-after': '5' }),
  help: 'The folder (MEDIA_FOLDER) or the S3 server (S3_ENDPOINT, S3_BUCKET) behind media-api does not work; its log has the cause.',
});

export const StoreFull = defineProblem({
  type: 'media/store-full',
  status: 507,
  title: 'No room left',
  detail: 'There is no room for this file at the moment. Your own files are untouched; try again later.',
  help: 'The disk behind MEDIA_FOLDER has less free than MEDIA_KEEP_FREE_BYTES. Make room, or move to a larger one.',
});
