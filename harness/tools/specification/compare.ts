import { createHash } from "node:crypto";
import type { PinnedSentence } from "#suites/requirements/sources/sentence.ts";
import { sentencesIn } from "#suites/requirements/sources/sources.ts";
import { type TextName, textNames, texts } from "#suites/requirements/sources/texts.ts";
import { type Sentence, sentencesOf } from "./sentences.ts";

/** What became of the sentences of a text. */
export interface Differences {
  readonly kept: number;
  /** Sentences of the same section that took each other's place. */
  readonly changed: readonly { readonly before: PinnedSentence; readonly now: Sentence }[];
  readonly added: readonly Sentence[];
  readonly gone: readonly PinnedSentence[];
}

/** What became of a pinned text. */
export interface Comparison extends Differences {
  readonly text: TextName;
  /** It is that file, byte for byte. */
  readonly same: boolean;
}

/** The pinned text that has most sentences in common with this one. `undefined` where none has any. */
export function nearestText(markdown: string): TextName | undefined {
  const hashes = new Set(sentencesOf(markdown).map(({ hash }) => hash));
  const common = (name: TextName) => sentencesIn(name).filter(({ hash }) => hashes.has(hash)).length;
  // Of two texts with as many in common, the one that has fewer others is meant.
  const ranked = textNames
    .map((name) => ({ name, shared: common(name), others: texts[name].sentences }))
    .sort((one, other) => other.shared - one.shared || one.others - other.others);
  return ranked[0] && ranked[0].shared > 0 ? ranked[0].name : undefined;
}

/** What of a pinned text is kept, changed, new and gone in another state of it. */
export function compareWith(text: TextName, markdown: string): Comparison {
  const same = createHash("sha256").update(markdown).digest("hex") === texts[text].sha256;
  return { text, same, ...compareSentences(sentencesIn(text), sentencesOf(markdown)) };
}

/** What of pinned sentences is kept, changed, new and gone among others. */
export function compareSentences(pinned: readonly PinnedSentence[], found: readonly Sentence[]): Differences {
  const hashes = new Set(found.map(({ hash }) => hash));
  const known = new Set(pinned.map(({ hash }) => hash));
  const added = found.filter(({ hash }) => !known.has(hash));
  const gone = pinned.filter(({ hash }) => !hashes.has(hash));
  const changed = pairs(gone, added);
  return {
    kept: pinned.length - gone.length,
    changed,
    added: added.filter((one) => !changed.some(({ now }) => now === one)),
    gone: gone.filter((one) => !changed.some(({ before }) => before === one)),
  };
}

/**
 * Gone and added sentences of one section, one of each with the same keyword: the old text is not kept, so that nothing else
 * tells that one took the other's place. Where several could have, none is paired.
 */
function pairs(gone: readonly PinnedSentence[], added: readonly Sentence[]): Differences["changed"] {
  const alike = <Kind extends PinnedSentence | Sentence>(
    among: readonly Kind[],
    one: Sentence | PinnedSentence,
  ) => among.filter(({ section, keyword }) => section === one.section && keyword === one.keyword);
  return gone.flatMap((before) => {
    const [now, ...others] = alike(added, before);
    return now && others.length === 0 && alike(gone, before).length === 1 ? [{ before, now }] : [];
  });
}
