#!/usr/bin/env bash
# Fetches the corpora of the models from their public homes into a folder that `rnn train --data` takes, laid out as the recipes name them.
# What is there already stays. What has no home to fetch it from, or was divided by hand, is named at the end with the layout that the recipes expect.
#   models/fetch-corpora.sh FOLDER [NAME...]      names: shakespeare ewt-pos ner intents songci digits sst2 imdb fra-eng
# Needs curl; for some also unzip, tar, gzip and jq. Read each corpus's licence before you use it: the models' cards name them.
set -euo pipefail

all=(shakespeare ewt-pos ner intents songci digits sst2 imdb fra-eng)
usage() { sed -n '2,5s/^# \{0,1\}//p' "$0"; exit "$1"; }
[[ ${1:-} == -h || ${1:-} == --help ]] && usage 0
[[ $# -ge 1 ]] || usage 2
folder=$1; shift
names=("${@:-${all[@]}}")
for name in "${names[@]}"; do
  [[ " ${all[*]} " == *" $name "* ]] || { echo "$name is no corpus of these; expected ${all[*]}" >&2; exit 2; }
done
raw=https://raw.githubusercontent.com
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT

need() { for program; do command -v "$program" > /dev/null || { echo "$program is not installed; $name needs it" >&2; exit 1; }; done; }

# fetch URL FILE: nothing half written stays, and nothing is fetched twice.
fetch() {
  [[ -s $2 ]] && { echo "  $2 is there"; return; }
  mkdir -p "$(dirname "$2")"
  echo "  $1"
  curl --fail --location --silent --show-error --retry 3 --output "$temporary/part" "$1"
  mv "$temporary/part" "$2"
}

shakespeare() { # the first 90 % are for training, the next 5 % for validation
  local whole=$temporary/shakespeare.txt to=$folder/shakespeare
  [[ -s $to/train.txt && -s $to/valid.txt ]] && { echo "  $to is there"; return; }
  fetch $raw/karpathy/char-rnn/master/data/tinyshakespeare/input.txt "$whole"
  mkdir -p "$to"
  head -c 1003854 "$whole" > "$to/train.txt"
  head -c 1059624 "$whole" | tail -c 55770 > "$to/valid.txt"
}

ewt-pos() {
  for part in train dev; do fetch $raw/UniversalDependencies/UD_English-EWT/r2.16/en_ewt-ud-$part.conllu "$folder/ewt-pos/$part.conllu"; done
}

ner() {
  for part in train dev; do fetch $raw/UniversalNER/UNER_English-EWT/master/en_ewt-ud-$part.iob2 "$folder/ner/uner-ewt.$part.iob2"; done
  for part in a b e g; do fetch $raw/GateNLP/broad_twitter_corpus/master/$part.conll "$folder/ner/btc.train.$part.conll"; done
}

intents() {
  need jq
  local whole=$temporary/clinc150.json to=$folder/intents
  fetch $raw/clinc/oos-eval/master/data/data_full.json "$whole"
  mkdir -p "$to"
  for part in train val oos_train oos_val; do jq -r ".$part[] | .[1] + \"\t\" + .[0]" "$whole" > "$to/clinc150.$part.tsv"; done
  fetch $raw/PolyAI-LDN/task-specific-datasets/master/banking_data/train.csv "$to/banking77.train.csv"
}

songci() {
  for ((i = 0; i < 20; i++)); do fetch "$raw/chinese-poetry/chinese-poetry/master/%E5%AE%8B%E8%AF%8D/ci.song.$((i * 1000)).json" "$folder/songci/ci.song.$((i * 1000)).json"; done
}

digits() { # recordings 0 to 4 of each speaker and digit are the official test
  need tar
  local to=$folder/digits
  [[ -d $to ]] && { echo "  $to is there"; return; }
  fetch https://github.com/Jakobovski/free-spoken-digit-dataset/archive/refs/heads/master.tar.gz "$temporary/digits.tar.gz"
  mkdir -p "$temporary/digits" "$folder"
  tar -xzf "$temporary/digits.tar.gz" -C "$temporary/digits" --strip-components=2 --wildcards '*/recordings/*.wav'
  rm -f "$temporary"/digits/*_[0-4].wav
  mv "$temporary/digits" "$to"
}

sst2() { # the training part as trees, the development part as "LABEL sentence" without its neutral sentences
  need unzip
  local to=$folder/sst2
  [[ -s $to/train.trees.txt ]] && { echo "  $to is there"; return; }
  fetch https://nlp.stanford.edu/sentiment/trainDevTestTrees_PTB.zip "$temporary/trees.zip"
  mkdir -p "$to"
  unzip -p "$temporary/trees.zip" trees/train.txt > "$to/train.trees.txt"
  unzip -p "$temporary/trees.zip" trees/dev.txt | grep -v '^(2' | sed -E 's/^\([01] /0 /; s/^\([34] /1 /; s/\([0-4] //g; s/\)//g; s/-LRB-/(/g; s/-RRB-/)/g; s#\\/#/#g' | tr '[:upper:]' '[:lower:]' > "$to/dev.txt"
}

imdb() { # id, label, rating, folder, text; 5,000 of the training part are marked val
  need tar gzip
  local to=$folder/imdb
  [[ -s $to/train.tsv.gz && -s $to/unsup.tsv.gz ]] && { echo "  $to is there"; return; }
  fetch https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz "$temporary/imdb.tar.gz"
  mkdir -p "$to" "$temporary/imdb"
  tar -xzf "$temporary/imdb.tar.gz" -C "$temporary/imdb" --strip-components=1 aclImdb/train
  local label=0 side file id rating
  for side in neg pos; do
    for file in "$temporary/imdb/train/$side"/*.txt; do
      id=$(basename "$file" .txt); rating=${id#*_}; id=${id%_*}
      printf '%s\t%s\t%s\t%s\t%s\n' "$side$id" $label "$rating" "$([[ $((10#$id % 5)) == 4 ]] && echo val || echo train)" "$(tr '\t\n' '  ' < "$file")"
    done
    label=1
  done | { printf 'id\tlabel\trating\tfolder\ttext\n'; cat; } | gzip > "$to/train.tsv.gz"
  for file in "$temporary"/imdb/train/unsup/*.txt; do printf '%s\t%s\n' "$(basename "$file" .txt)" "$(tr '\t\n' '  ' < "$file")"; done \
    | { printf 'id\ttext\n'; cat; } | gzip > "$to/unsup.tsv.gz"
}

fra-eng() { # English TAB French TAB attribution: `rnn train` keeps a tenth for validation
  need unzip
  local to=$folder/fra-eng
  [[ -s $to/fra.txt ]] && { echo "  $to is there"; return; }
  fetch https://www.manythings.org/anki/fra-eng.zip "$temporary/fra-eng.zip"
  mkdir -p "$to"
  unzip -p "$temporary/fra-eng.zip" fra.txt > "$to/fra.txt"
}

for name in "${names[@]}"; do
  echo "$name"
  "$name"
done

cat << 'END'

Not fetched:
  english/    text files, a paragraph a line, packed with gzip: books.txt.gz, books-us.txt.gz, speeches.txt.gz, digitalgov.txt.gz, commonvoice.txt.gz,
              factbook.txt.gz, peps.txt.gz. Any running English does: put your own files into the recipe's data.train.
  languages/  train.tsv and dev.tsv, a line "code TAB sentence"; Tatoeba's and Common Voice's sentences do.
  music/      tunes in ABC notation, an empty line after each.
  ner/        btc.dev.conll: the Broad Twitter Corpus's part f without its held-back half, "word TAB tag", an empty line after each tweet.
Divided anew: fra-eng, imdb's val and banking77 were divided by hand for the figures of the cards; figures from the files fetched here differ a little.
END
