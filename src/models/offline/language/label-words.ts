/** Words that speak for labels people commonly sort texts into; a label not listed speaks for itself. */

import { stemOf } from "../text/words.ts";

const table: Readonly<Record<string, string>> = {
  billing:
    "bill bills invoice invoices charge charged charges payment payments pay paid refund refunds card credit price subscription fee receipt",
  technical:
    "error errors crash crashes bug bugs install installation software app login screen server device code exception broken update",
  bug: "error errors crash crashes crashed broken exception fails failing failed stacktrace regression",
  feature: "feature request add support wish would like suggestion enhancement",
  shipping:
    "shipping shipped ship delivery delivered deliver package parcel courier tracking order arrive arrived late",
  account: "account password login log sign username profile email locked",
  returns: "return returned returning refund exchange replacement",
  complaint: "complain complaint unhappy unacceptable terrible disappointed angry refund worst",
  praise: "thank thanks great love excellent amazing wonderful",
  sports:
    "game games team teams match season player players coach league goal goals score championship tournament olympic win",
  politics:
    "government election elections vote votes president congress senate parliament party minister law policy campaign",
  business:
    "company companies market markets shares profit profits revenue sales business merger ceo investors trade industry",
  finance:
    "bank banks money stock stocks market loan loans interest investment investors tax taxes currency budget credit",
  economy: "economy economic growth inflation unemployment jobs trade wages recession deficit industry",
  science:
    "research researchers scientists study physics chemistry biology experiment theory space planet telescope genome",
  technology:
    "software computer computers internet app apps ai data technology digital device robot chip smartphone online",
  health:
    "health hospital doctor doctors patient patients disease medicine medical vaccine treatment cancer care nurse",
  education:
    "school schools student students teacher teachers university education college classroom learning curriculum",
  entertainment: "film movie movies music song album actor actress concert show series celebrity festival theatre",
  travel: "travel trip flight flights hotel hotels airport tourist tourists vacation destination visa booking",
  food: "food restaurant meal recipe cook cooking dish taste kitchen chef delicious",
  environment: "climate environment pollution emissions forest carbon energy renewable species conservation water",
  legal: "law legal court judge contract lawyer attorney lawsuit clause liability statute rights",
  military: "war army navy troops soldiers military defense defence weapons forces battle",
  spam: "winner prize lottery click free offer viagra casino unsubscribe urgent congratulations claim cash",
  urgent: "urgent urgently asap immediately emergency critical outage down now blocked severe",
  high: "urgent urgently asap immediately emergency critical outage down severe blocker serious",
  low: "minor whenever cosmetic typo trivial eventually someday",
  question: "how what why when where who which",
  joy: "happy joy delighted glad love excited wonderful",
  anger: "angry furious hate outrage annoyed mad",
  sadness: "sad unhappy cry grief sorrow lonely miss",
  fear: "afraid fear scared worried terrified anxious",
  surprise: "surprised surprise unexpected astonished wow",
};

const sameAs: Readonly<Record<string, string>> = {
  payment: "billing",
  invoice: "billing",
  tech: "technical",
  support: "technical",
  "technical support": "technical",
  delivery: "shipping",
  sport: "sports",
  political: "politics",
  medical: "health",
  healthcare: "health",
  economics: "economy",
  critical: "urgent",
  happy: "joy",
  angry: "anger",
  sad: "sadness",
};

/** Gives the stems that speak for a label beside its own words: an empty list for a label that is not known. */
export function wordsForLabel(label: string): readonly string[] {
  const name = Object.hasOwn(sameAs, label) ? sameAs[label]! : label;
  return Object.hasOwn(table, name) ? table[name]!.split(" ").map(stemOf) : [];
}
