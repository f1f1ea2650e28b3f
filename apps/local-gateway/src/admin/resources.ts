import { adminName, KINDS, type Kind, kindNamed, nestedName } from '../entities/kinds.js';

/** What a path names: a collection, one entity, or either below another entity. */
export type Resource =
  | { readonly type: 'collection'; readonly kind: Kind }
  | { readonly type: 'entity'; readonly kind: Kind; readonly key: string }
  | { readonly type: 'nested'; readonly parent: Kind; readonly parentKey: string; readonly kind: Kind; readonly field: string; readonly key?: string }
  | { readonly type: 'foreign'; readonly kind: Kind; readonly key: string; readonly field: string; readonly parent: Kind }; // prettier-ignore

/** Every entity has the same paths, made from its fields that refer to others. */
export function findResource(path: readonly string[]): Resource | undefined {
  const [first = '', key, third, fourth] = path;
  const kind = KINDS.find((each) => adminName(each) === first);
  if (!kind || path.length > 4) return undefined;
  if (key === undefined) return { type: 'collection', kind };
  if (third === undefined) return { type: 'entity', kind, key };
  const field = kind.fields[third];
  if (field?.type === 'foreign' && fourth === undefined)
    return { type: 'foreign', kind, key, field: third, parent: kindNamed(field.reference ?? '') };
  for (const child of KINDS) {
    if (nestedName(child) !== third) continue;
    const link = Object.entries(child.fields).find(
      ([, { type, reference }]) => type === 'foreign' && reference === kind.name,
    );
    if (link)
      return { type: 'nested', parent: kind, parentKey: key, kind: child, field: link[0], key: fourth };
  }
  return undefined;
}
