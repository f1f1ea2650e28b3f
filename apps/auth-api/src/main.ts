import { endLeanStart } from './lean-start.js';
import { runService } from '#service';
import { PROGRAM } from './app.service.js';

await runService(PROGRAM);
endLeanStart();
