import v8 from 'node:v8'; import {readFileSync} from 'node:fs';
for (const f of (process.env.F??'').split(' ').filter(Boolean)) v8.setFlagsFromString(f);
await import('/tmp/h/sync5/dist/apps/auth-api/src/app.module.js');
const g=k=>Number(new RegExp(k+':\\s+(\\d+)').exec(readFileSync('/proc/self/status','utf8'))[1])/1024|0;
const ns=v8.getHeapSpaceStatistics().find(s=>s.space_name==='new_space');
console.log((process.env.F??'').padEnd(45),'rss',g('VmRSS'),'hwm',g('VmHWM'),'heapUsed',process.memoryUsage().heapUsed/1e6|0,'new',ns.physical_space_size/1e6, 'ms', performance.now()|0);
