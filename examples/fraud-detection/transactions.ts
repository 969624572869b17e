/**
 * Card transactions, made up from a seed: six numbers and five categories of which no one column gives the fraud away.
 * What does is how they come together (a large amount counts online, distance counts with a risky merchant, a low limit
 * counts on a prepaid card), under enough chance that even the true score separates the classes with an area of only about
 * 0.90, and a good network finds about four frauds in five.
 */
import { createRng, type Rng } from "assay";
import type { Column, LabelledTable } from "./table.ts";

export type Preset = "balanced" | "imbalanced";

/** How many transactions of each class a preset draws: [honest, fraudulent]. */
const COUNTS: Readonly<Record<Preset, Readonly<Record<"train" | "validation" | "test", readonly [number, number]>>>> = {
  balanced: { train: [2000, 2000], validation: [200, 200], test: [200, 200] },
  imbalanced: { train: [3800, 200], validation: [1900, 100], test: [1900, 100] },
};

const CHANNELS = ["swipe", "chip", "online"] as const;
const BRANDS = ["visa", "mastercard", "amex", "discover"] as const;
const CARD_TYPES = ["credit", "debit", "prepaid"] as const;

interface Transaction {
  readonly amount: number;
  readonly merchantRisk: number;
  readonly zipDistance: number;
  readonly cardsIssued: number;
  readonly creditLimit: number;
  readonly yearsSincePin: number;
  readonly channel: (typeof CHANNELS)[number];
  readonly brand: (typeof BRANDS)[number];
  readonly cardType: (typeof CARD_TYPES)[number];
  readonly chip: "yes" | "no";
  readonly darkWeb: 0 | 1;
  /** Log-odds of fraud, up to a constant: what a perfect model would rank by. */
  readonly score: number;
}

/** Training, validation and test transactions of a preset; the three never share a random draw. */
export function transactions(preset: Preset, seed: number): Record<"train" | "validation" | "test", LabelledTable> {
  const rng = createRng(seed).fork("transactions");
  const { train, validation, test } = COUNTS[preset];
  return {
    train: labelled(drawClasses(train, rng.fork("train"))),
    validation: labelled(drawClasses(validation, rng.fork("validation"))),
    test: labelled(drawClasses(test, rng.fork("test"))),
  };
}

export interface LabelledTransaction {
  readonly transaction: Transaction;
  readonly fraud: 0 | 1;
}

/** Draws until each class has its number of transactions, so that the share of fraud is exact; in a random order. */
export function drawClasses(counts: readonly [number, number], rng: Rng): LabelledTransaction[] {
  const left = [...counts] as [number, number];
  const drawn: LabelledTransaction[] = [];
  while (left[0] + left[1] > 0) {
    const transaction = draw(rng);
    const fraud = rng.next() < 1 / (1 + Math.exp(-transaction.score)) ? 1 : 0;
    if (left[fraud] === 0) continue;
    left[fraud]--;
    drawn.push({ transaction, fraud });
  }
  return Array.from(rng.permutation(drawn.length), (i) => drawn[i]!);
}

function draw(rng: Rng): Transaction {
  const amount = rng.normal();
  const risk = rng.normal();
  const distance = rng.normal();
  const limit = rng.normal();
  const years = 12 * rng.next();
  const cards = 1 + Math.min(5, Math.floor(-1.4 * Math.log(1 - rng.next())));
  const channel = CHANNELS[rng.int(3)]!;
  const brand = BRANDS[rng.int(4)]!;
  const cardType = CARD_TYPES[rng.int(3)]!;
  const chip = channel === "chip" || rng.next() < 0.5 ? "yes" : "no";
  const darkWeb = rng.next() < 0.15 ? 1 : 0;

  const online = channel === "online";
  const score =
    (online ? 1.6 : 0.2) * amount +
    1.2 * risk +
    0.9 * risk * distance +
    (cardType === "prepaid" ? -1.6 : 0.2) * limit +
    (channel === "swipe" && chip === "no" ? 1.5 : 0) +
    darkWeb * (online ? 2.2 : 0.8) +
    0.7 * Math.sin(years / 1.5) * (brand === "amex" || brand === "discover" ? -1 : 1) +
    0.25 * (cards - 2) -
    3;
  return {
    amount: round(Math.exp(4 + 0.7 * amount), 2),
    merchantRisk: round(1 / (1 + Math.exp(-risk)), 3),
    zipDistance: round(Math.exp(2.5 + 0.8 * distance), 1),
    cardsIssued: cards,
    creditLimit: 100 * Math.max(1, Math.round(Math.exp(3.6 + 0.5 * limit))),
    yearsSincePin: round(years, 1),
    channel,
    brand,
    cardType,
    chip,
    darkWeb,
    score: SHARPNESS * score,
  };
}

/** How far apart the classes are: sets the area under the curve of the true score. */
const SHARPNESS = 1.1;

function labelled(drawn: readonly LabelledTransaction[]): LabelledTable {
  const numeric = (name: string, of: (transaction: Transaction) => number): Column => ({
    name,
    kind: "numeric",
    values: Float64Array.from(drawn, ({ transaction }) => of(transaction)),
  });
  const categorical = (name: string, of: (transaction: Transaction) => string): Column => ({
    name,
    kind: "categorical",
    values: drawn.map(({ transaction }) => of(transaction)),
  });
  return {
    features: {
      rows: drawn.length,
      columns: [
        numeric("amount", (t) => t.amount),
        numeric("merchant_risk", (t) => t.merchantRisk),
        numeric("zip_distance", (t) => t.zipDistance),
        numeric("cards_issued", (t) => t.cardsIssued),
        numeric("credit_limit", (t) => t.creditLimit),
        numeric("years_since_pin", (t) => t.yearsSincePin),
        categorical("channel", (t) => t.channel),
        categorical("brand", (t) => t.brand),
        categorical("card_type", (t) => t.cardType),
        categorical("chip", (t) => t.chip),
        numeric("dark_web", (t) => t.darkWeb),
      ],
    },
    labels: Uint8Array.from(drawn, ({ fraud }) => fraud),
  };
}

function round(value: number, digits: number): number {
  const scale = 10 ** digits;
  return Math.round(value * scale) / scale;
}
