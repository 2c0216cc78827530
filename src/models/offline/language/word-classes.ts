/** Guesses from its form whether an English word can end a noun phrase, begin one, or must stand outside. */

const set = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Verbs that are seldom nouns, in their base form, and irregular forms. */
const verbs = set(`
  accept achieve adjust administer admit adopt afford agree allow amend apply appear appoint argue arise ask assemble assist
  assume assure attain avoid became become began begin begun believe bought bring brought build built buy came choose chose chosen
  collect combine come commend commit compel compete comply computerize conclude condemn confer confirm consider consist
  consult contain continue contribute convince create declare defend delay deliver demonstrate deny depend derive describe
  deserve destroy determine develop devise devote diminish disagree discuss distinguish distribute divide earn elect
  eliminate employ enable enact encourage enforce enjoy enrich ensure enter entitle establish exceed exclude execute exist
  expand expect explain extend fail find fit follow forbid fought found furnish gave get give given go govern grew grow
  grown happen held hold imagine impose improve include indicate induce inform insist insure introduce invest invite
  involve join justify keep kept knew know known laid lead learn leave led left legislate lend lessen liberate live lose
  lost made maintain make manage mean meant meet met modernize modify negotiate neglect obey observe obtain occur oppose
  organize overcome paid pay perform permit persuade pose possess prepare prescribe preserve prevent proceed produce
  prohibit promote propose protect prove provide pursue put raise ran reach realize rebuild receive recognize recommend
  recover reduce refer refuse regulate reject rely relieve remain remove render renew replace represent require resist
  resolve respond restore restrict retain rise rose run said satisfy save saw say see seek seem seen sell send sent serve
  settle shown simplify sold solve sought speak spent spoke stand stimulate stood strengthen submit succeed suffer suggest
  suppose survive sustain tackle take taken taught teach tell tend terminate think thought threaten told took transmit
  turn understand understood unite urge utilize vary want weaken weed went win wish withdraw withhold won write written
  wrote`);

/** Words that are verbs after "to", though nouns elsewhere. */
const verbsAfterTo = set(`
  accomplish act address advance aid answer attack balance ban bear benefit break call care carry cause challenge change
  check claim close control cost count cover cut deal decrease demand design direct drive ease end experience face fight
  finance fix focus force form free fund gain guarantee guard halt harm help honor house improve increase influence keep
  land last level lift limit link look lower march mark match measure mine move name need open order pass place plan plant
  point police pressure process profit program progress question reform repair repeal report rest return review reward
  risk rule seat secure set shape share ship show start stay step stop study supply support tax test trade trust use visit
  vote wait watch work`);

const outside = set(`
  abroad across actual again ago ahead alike along alongside already altogether amid amidst amongst anybody anyone anything
  anyway anywhere apart aside away back behind beneath beside besides beyond concerning despite else elsewhere enough even
  everybody everyone everything everywhere except far forever forth forward hence henceforth hereafter hereby herein heretofore
  herewith hitherto including indeed inside later less let like likewise maybe meantime meanwhile moreover near nevertheless
  nobody none nonetheless nothing notwithstanding okay one otherwise outside please regarding respecting rest somebody someone
  something sometimes somewhat somewhere soon thanks thereafter therein thereof thereon thereto throughout till today together
  tomorrow tonight twice unless unlike upon via viz well whatever whenever whereby wherein whereof wherever whichever whoever
  worth yes yesterday etc two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty sixty hundred
  hundreds thousand thousands million millions billion billions trillion trillions dozen percent per cent lot lots literally
  able aware likely ready due`);

/** Adjectives that praise, blame or measure, and so name nothing. */
const modifiers = set(`
  absolute adequate additional ample appropriate bad best better big bigger biggest bold brave brief bright broad certain chief
  clear close common complete considerable constant critical current dear deep deeper different difficult direct distracted
  eager earlier early earnest easier easy effective efficient enormous entire equal essential evident exact excellent
  exclusive extra extraordinary fair false fast faster final fine firm first former fourth fresh full further general
  generous genuine giant gigantic glad good grand grave great greater greatest half happy hard harder heavy high higher highest
  honest huge immediate immense important impossible individual just keen key large larger largest last lasting late latest
  latter least less lesser liberal little long longer low lower lowest main major many mere middle minor modest more most much
  multiple narrow necessary new newer next nice noble numerous obvious old older one only open opposite ordinary other outmoded
  overall overwhelming own particular past perfect permanent plain positive possible practical present previous primary
  principal profound prompt proper proud quick quiet rapid rare real reasonable recent regular relative remarkable right rough
  sad safe safer same satisfactory second separate serious several severe sharp short shorter significant similar simple
  single slight slow small smaller so-called sole sound special specific steady still strict strong stronger strongest
  substantial such sufficient sure swift tall terrible third thorough tight total tremendous true twin typical unable unlimited
  unqualified unprecedented urgent usual utmost vast very vital warm weak weaker whole wide wider willing wise wonderful worse
  worst worthy wrong young younger desirable undesirable`);

/** Adjectives that narrow a noun well but cannot stand for one. */
const adjectives = set(`
  ancient foreign free human interstate modern nuclear peaceful poor popular private proud ready rich solar urban rural overseas
  widespread underground upper inner outer western eastern northern southern central appalling american british french german
  russian mexican european african asian chinese japanese indian canadian annual daily weekly monthly yearly aboard afraid
  alive alone healthy wealthy worldwide nationwide statewide lifesaving`);

/** Nouns that fit any text; alone they name no theme. */
const fillers = set(`
  account action administration addition advantage aim amount approach area aspect attention attempt basis beginning belief bit bottom call
  capacity case center chance character choice circumstance claim class concern condition consequence consideration content
  country course date day deal degree detail difference difficulty direction doubt effort element end estimate event evidence
  example expression extent fact factor favor favour feature feeling figure finding foundation friend front future goal ground
  group half hand head hope hour idea importance increase inclusive instance intention interest item kind lack level limit limitation
  line list look majority man manner matter means measure member men method mind minute moment month name nature necessity need
  nobody none nothing notice number object objective occasion opinion opportunity order outcome part past people percentage
  period person piece place plan point portion position possibility power practice priority problem process progress provision
  purpose quality quantity quarter question range rate reason reference regard region relation remainder remark respect response
  rest result role rule scale season section sense series set share shape side sign situation size sort stage standard start
  state step story style subject sum system task term thing thought time top total tradition trouble turn type understanding
  use value variety view way week woman women word work world year dollar january february march april june july august
  september october november december monday tuesday wednesday thursday friday saturday sunday`);

const nounsInIng = set(`
  bearing beginning being blessing boarding bombing borrowing broadcasting brewing building ceiling clothing computing counseling
  dealing drilling dwelling earning engineering evening farming filing financing fishing funding gathering hearing heating
  holding housing hunting king landing learning lending lighting logging machining manufacturing marketing meaning meeting mining
  morning offering opening outing painting parking planning policing polling pricing processing programming publishing ranching
  reading recycling ring schooling sentencing setting shipbuilding shipping shooting sibling smuggling speaking spelling spending
  spring sterling string surroundings teaching testing thing trafficking training trapping understanding undertaking uprising
  voting warming warning wedding wellbeing wing wording writing yearling banking`);
const wordsInEd = set(`
  bed bleed bobsled breed creed deed feed freed greed hatred hundred kindred moped need red reed seed shed sled speed steed
  thoroughbred wed weed armed organized unemployed disabled retired`);
const nounsLikeAdjectives = set(`
  forest harvest west request test protest contest guest conquest quest chest interest arrest dishonest unrest
  executive initiative objective incentive representative perspective motive narrative detective cooperative directive native
  relative alternative archive locomotive explosive explosives preservative collective drive hive olive offensive captive
  capital hospital proposal approval removal arrival festival metal mineral canal animal material signal journal tribunal
  withdrawal goal coal deal meal appeal trial rival criminal professional official individual principal renewal survival
  disposal denial burial refusal rehearsal scandal terminal arsenal cathedral admiral general corporal marshal portal crystal
  manual medal pedal petal vandal referral refusal dismissal nominal potential credential referral original
  public republic music topic traffic fabric clinic critic logic mechanic arctic epidemic panic statistic academic pandemic
  domestic graphic ethic rhetoric arithmetic fabric cynic picnic mosaic plastic synthetic antibiotic narcotic
  table cable stable vegetable constable parable fable variable bible crucible valuable discus bus census campus virus surplus
  apparatus status genius radius chorus focus corpus nucleus fetus bonus octopus citrus stimulus consensus
  business witness wilderness`);

const nounEnds =
  /(?:tion|sion|ment|ness|ity|ety|ship|hood|dom|ism|ist|ance|ence|ancy|ency|ture|logy|graphy|acy|ery|age|eer|ician|or|craft)s?$/;

function singularOf(word: string): string {
  if (word.endsWith("ies") && word.length > 4) return `${word.slice(0, -3)}y`;
  if (/(?:ss|sh|ch|x|z)es$/.test(word)) return word.slice(0, -2);
  return word.endsWith("s") && !/(?:ss|us|is)$/.test(word) ? word.slice(0, -1) : word;
}

/** Tells whether a lower-cased word parts noun phrases: an adverb, a verb or a participle. */
export function partsPhrases(word: string): boolean {
  if (outside.has(word) || /..ly$/.test(word)) return word !== "family" && word !== "supply" && word !== "assembly";
  if (verbs.has(word) || verbs.has(singularOf(word)) || verbs.has(word.replace(/es$/, ""))) return true;
  if (/[^e]ed$/.test(word) && word.length > 4) return !wordsInEd.has(word);
  return /..ing$/.test(word) && word.length > 5 && !nounsInIng.has(word);
}

/** Tells whether a lower-cased word, the first after `before`, is a verb there: "can support", "to fund". */
export function isVerbAfter(before: string, word: string): boolean {
  if (/^(?:to|not|and|or|help|helps|us)$/.test(before))
    return before === "and" || before === "or" ? false : verbsAfterTo.has(word);
  return /^(?:will|would|can|cannot|could|shall|should|may|might|must|do|does|did|don't|won't|can't|let's|i|we|you|they|who|he|she)$/.test(
    before,
  );
}

/** Tells whether a lower-cased word may stand in front but adds nothing: "best", "special". */
export function isWeakModifier(word: string): boolean {
  return modifiers.has(word);
}

/** Tells whether a lower-cased word can be the head of a noun phrase, which in English comes last. */
export function canBeHead(word: string): boolean {
  if (modifiers.has(word) || adjectives.has(word) || word.endsWith("'s")) return false;
  const plain = singularOf(word);
  if (nounsLikeAdjectives.has(word) || nounsLikeAdjectives.has(plain)) return true;
  return !/(?:ous|ful|less|able|ible|ish|est|ive|ic|[aeiourntd]al)$/.test(word);
}

/** Tells whether a lower-cased word fits any text. */
export function isFiller(word: string): boolean {
  return fillers.has(word) || fillers.has(singularOf(word)) || modifiers.has(word);
}

/** Tells whether a lower-cased word ends the way only nouns do. */
export function endsLikeNoun(word: string): boolean {
  return nounEnds.test(word);
}
