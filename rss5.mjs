import { readFileSync } from 'node:fs';
const rss=()=>Number(/VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status','utf8'))[1])/1024;
const hwm=()=>Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status','utf8'))[1])/1024;
let last=rss(); const say=n=>{const r=rss(),h=process.memoryUsage();console.log(n.padEnd(40),'rss',r.toFixed(0),'+'+(r-last).toFixed(1),'hwm',hwm().toFixed(0),'heapUsed',(h.heapUsed/1e6).toFixed(0),'heapTotal',(h.heapTotal/1e6).toFixed(0),'ext',(h.external/1e6).toFixed(0));last=r;};
say('bare');
for (const m of process.argv.slice(2)) { await import(m); say(m); }
global.gc?.(); say('gc');
