import { runService } from '#service';
import { PROGRAM } from './app.service.js';

await runService(PROGRAM);
