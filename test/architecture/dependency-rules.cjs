const { modules, libs, holders } = require('./rooms.cjs');
const SRC = '^apps/auth-api/src';
const any = (names) => `(${names.join('|')})`;
const others = (all, self, allowed) => all.filter((n) => n !== self && !allowed.includes(n));

const edges = (table, path, label) =>
  Object.entries(table).flatMap(([self, allowed]) => {
    const closed = others(Object.keys(table), self, allowed);
    return closed.length === 0
      ? []
      : [
          {
            name: `${label}-${self}`,
            severity: 'error',
            comment: `${self} may import only: ${allowed.join(', ') || 'nothing'}. See rooms.cjs.`,
            from: { path: path(self) },
            to: { path: path(any(closed)) },
          },
        ];
  });

module.exports = {
  forbidden: [
    {
      name: 'no-cycle',
      severity: 'error',
      from: { pathNot: '^apps/local-gateway/' },
      to: { circular: true },
    },
    {
      name: 'no-cycle-when-running',
      severity: 'error',
      comment:
        'Types of the stand-in for Kong may name each other. Values of a record hold records: judging one is recursive over three files.',
      from: { path: '^apps/local-gateway/', pathNot: '/entities/(checks|defaults|validate)[.]ts$' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'libs-know-no-app', severity: 'error', from: { path: '^libs/' }, to: { path: '^apps/' } },
    {
      name: 'module-front-door',
      severity: 'error',
      from: { path: `${SRC}/([^/]+)/` },
      to: { path: `${SRC}/[^/]+/.+`, pathNot: [`${SRC}/$1/`, `${SRC}/[^/]+/index\\.ts$`] },
    },
    {
      name: 'module-front-door-root',
      severity: 'error',
      from: { path: `${SRC}/[^/]+\\.ts$` },
      to: { path: `${SRC}/[^/]+/.+`, pathNot: `${SRC}/[^/]+/index\\.ts$` },
    },
    {
      name: 'lib-front-door',
      severity: 'error',
      from: { path: '^(?:libs|apps)/([^/]+)/' },
      to: { path: '^libs/[^/]+/src/.+', pathNot: ['^libs/$1/', '^libs/[^/]+/src/index\\.ts$'] },
    },
    {
      name: 'controller-not-repository',
      severity: 'error',
      from: { path: '\\.controller\\.ts$' },
      to: { path: '\\.repository\\.ts$' },
    },
    {
      name: 'plain-file-is-pure',
      severity: 'error',
      comment:
        'A file without a role suffix holds pure rules: no Nest, no I/O, no far side. Problems, secrets and types are none of these.',
      from: { path: `${SRC}/[^/]+/[a-z0-9-]+\\.ts$`, pathNot: '/index\\.ts$' },
      to: {
        path: [
          '^libs/(?!problem/|config/)',
          'node_modules/@nestjs',
          '\\.(service|repository|controller|module)\\.ts$',
        ],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'plain-file-is-pure-core',
      comment: 'net and zlib are allowed for isIP and crc32: rules without I/O.',
      severity: 'error',
      from: { path: `${SRC}/[^/]+/[a-z0-9-]+\\.ts$`, pathNot: '/index\\.ts$' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|assert|net|zlib)$' },
    },
    ...Object.entries(holders).map(([lib, who]) => ({
      name: `holder-${lib}`,
      severity: 'error',
      from: { path: `${SRC}/`, pathNot: [`${SRC}/${any(who)}/`, `${SRC}/[^/]+\\.ts$`] },
      to: { path: `^libs/${lib}/` },
    })),
    ...edges(modules, (n) => `${SRC}/${n}/`, 'module'),
    ...edges(libs, (n) => `^libs/${n}/`, 'lib'),
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    // `#config` and the like lead to the sources ("types" in package.json), not to dist.
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'node', 'default'],
    },
  },
};
