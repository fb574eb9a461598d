// How pages that have the words are ordered: what guides readers first, histories and programs last.
var Scorer = {
  score: ([docname, , , , score]) => {
    if (/^(changelog|contributing|index|guide|evidence)$/.test(docname)) return score - 4;
    if (/^(programs|peers)\//.test(docname) || docname === "examples") return score - 3;
    return /^(api\/|design$|robustness$|backends$|distributed$)/.test(docname) ? score - 1 : score;
  },
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
