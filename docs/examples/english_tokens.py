"""The tokenizer `english` of RnnService in Python: the same tokens with the same offsets (docs/tokenization.md has the rules in words).

    tokens("We'll see, won't we?")  →  [("We", 0, 2), ("'ll", 2, 5), ("see", 6, 9), (",", 9, 10), ("wo", 11, 13), ("n't", 13, 16), …]

Needs the standard library alone. Run as a program it checks the cases of english-tokens.jsonl, or splits the lines of a file:

    python english_tokens.py [english-tokens.jsonl]        python english_tokens.py --split text.txt
"""
import json
import pathlib
import sys
import unicodedata

LONGEST_ENTRY = 12


def words(text):
    return frozenset(text.split())


# Written as one word, meant as two or three.
FUSED = {entry.replace("|", ""): entry for entry in """
can|not gon|na wan|na wan|a got|ta out|ta sort|a lot|ta lem|me gim|me du|n|no had|da ought|a
could|a should|a would|a must|a might|a a|lot in|fact
do|nt does|nt did|nt ca|nt wo|nt is|nt are|nt ar|nt was|nt were|nt have|nt has|nt had|nt could|nt would|nt should|nt
must|nt need|nt ai|nt i|m i|ve you|ve we|ve they|ve you|re they|re you|ll they|ll it|ll that|ll
it|s that|s what|s there|s here|s he|s she|s who|s where|s how|s when|s else|s let|s""".split()}
CLITICS = words("s m d ll ve re")
ABBREVIATIONS = words("""
mr mrs ms mx dr prof st ste ft mt jr sr esq gen lt sgt cpl capt cmdr maj col rev hon gov sen reps supt
inc corp ltd llc dept dist univ assn bros blvd ave hwy pkwy
vs etc al eg ie cf viz ca approx est esp incl excl misc resp min max avg temp
tel ext attn conf spec ref vol para sec ch fig eq appt assoc
lb lbs oz mins hrs hr yrs yr mos ea doz qty arr arrv lv ph ass't int'l gov't dep't nat'l cont'd
jan feb apr aug sept oct nov dec tue tues thu thur thurs que ont calif fla minn wis tenn ariz conn""")
CAPITALISED_ABBREVIATIONS = words("""
Co Rep Pres Mon Wed Fri Sat Sun Mar Jun Jul Sep Va La Pa Ga Mo Ore Wash Mass Mich Tex Okla Ala Ark Ky Md Neb Nev Ind Ill Del
Sc Ed Adm Fr Rd Bldg Fax Mob Cpt Insp""")
NUMBER_ABBREVIATIONS = words("no nos p pp art pt")
PREFIXES = words("""
ante anti arch bi bio co counter cross cyber de e eco ex extra inter intra macro mega micro mid mini multi neo non over pan
para peri post pre pro pseudo psycho quasi re semi socio sub super tri u ultra un under uni""")
SUFFIXES = words("esque ette fest fold gate itis less most rama wise")
INTERJECTIONS = words("uh-huh uh-oh uh-uh mm-hm mm-hmm ha-ha")
UNITS = words("""
am pm a p k m b t bn mn mm cm km kg mg g lb lbs oz ft yd mi mph kph sq sqft in hz khz mhz ghz kb mb gb tb kw kwh mw mwh w v
f c x s/f p min mins minute minutes hr hrs hour hours sec secs yr yrs year years day days week weeks month months
persons people percent watt watts ml l dpi px""")
DOMAINS = words("com org net edu gov mil int info biz co uk ca au de fr jp nz eu ru cn ie nl ch se dk pl br mx io ai tv")
FILES = words("""
doc docx xls xlsx ppt pptx pps pdf txt rtf csv tsv htm html xhtml xml json yaml jpg jpeg gif png bmp tif tiff svg psd mp3 mp4 avi
mov wav wma zip tar gz rar exe dll bat php asp aspx jsp js css cpp url eml msg mdb dat log bak ini""")
NEWSGROUPS = words("alt ba comp misc rec sci soc talk news humanities")
ELIDED = words("em n til till cause cuz bout round s m d ll ve re")
CURRENCIES = words("us u c a au ca nz hk s r sg")
AFTER_IT_IS = words("""
a an the not n't so very really just also still now for from been getting going too always never simply only no nothing ok okay
because that there my your this in on at about like probably definitely all called more between quite pretty worth as""")
AFTER_VERB_LETS = words("me you him her us them the a an it people users your my")

FACES = ["</3", "<3", "^_^", "^.^", "^^", "-_-", "\\o/", "¯\\_(ツ)_/¯"]
REVERSED_FACES = ["(:", "(;", "(=", "(-:"]
DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015"
APOSTROPHES = "'`\u00B4\u2018\u2019\u02BC\uFF07"


def lower(text):
    """Lower case of A to Z alone, as the word lists are compared."""
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text)


def has(entries, text):
    return 0 < len(text) <= LONGEST_ENTRY and lower(text) in entries


def is_abbreviation(text):
    return has(ABBREVIATIONS, text) or text in CAPITALISED_ABBREVIATIONS


def is_unit(text):
    return text not in ("G", "T") and has(UNITS, text)  # 4G, Model 18T


def is_space(c):
    return c in "\t\n\v\f\r\x85" or unicodedata.category(c) in ("Zs", "Zl", "Zp")


def is_letter(c):  # within the first 65,536 code points, here and below
    return ord(c) < 0x10000 and unicodedata.category(c)[0] == "L"


def is_ascii_letter(c):
    return "a" <= c <= "z" or "A" <= c <= "Z"


def is_ascii_digit(c):
    return "0" <= c <= "9"


def is_ascii_letter_or_digit(c):
    return is_ascii_letter(c) or is_ascii_digit(c)


def extends(c):
    """What cannot stand apart from the character before it: marks, joiners, direction, skin tones."""
    point = ord(c)
    category = unicodedata.category(c)
    if category in ("Mn", "Mc", "Me"):
        return True
    if category == "Cf":
        return (point in (0x200C, 0x200D, 0x00AD, 0x061C, 0x200E, 0x200F) or 0x202A <= point <= 0x202E or 0x2060 <= point <= 0x206F
                or 0xE0020 <= point <= 0xE007F)
    return 0x1F3FB <= point <= 0x1F3FF


def is_word_char(c):
    if ord(c) < 128:
        return is_ascii_letter_or_digit(c)
    if c in APOSTROPHES:
        return False
    return unicodedata.category(c) in ("Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Nl", "No") or extends(c)


def is_pictograph(c):
    point = ord(c)
    return 0x1F000 <= point <= 0x1FAFF or 0x2190 <= point <= 0x2BFF or point in (0xA9, 0xAE, 0x203C, 0x2049, 0x2122, 0x2139, 0x3030, 0x303D, 0x3297, 0x3299)


def cluster_end(text, at):
    """Where a symbol ends that people see as one: a flag of two letters, people and things joined by U+200D."""
    flag = "\U0001F1E6" <= text[at] <= "\U0001F1FF"
    pictograph = is_pictograph(text[at])
    end = at + 1
    if flag and end < len(text) and "\U0001F1E6" <= text[end] <= "\U0001F1FF":
        end += 1
    while end < len(text) and ord(text[end]) > 127:
        if extends(text[end]) or pictograph and text[end - 1] == "\u200D" and is_pictograph(text[end]):
            end += 1
        else:
            break
    return end


def run_end(text, at, limit):
    end = at + 1
    while end < limit and text[end] == text[at]:
        end += 1
    return end


def span_end(text, at, limit, marks):
    while at < limit and text[at] in marks:
        at += 1
    return at


# Emoticons: `text` begins where the chunk does.

def match_face(text, at, in_brackets):
    if text[at] not in ":;=><^-\\¯(":
        return 0
    after_word = at > 0 and ord(text[at - 1]) < 0x10000 and is_word_char(text[at - 1])
    rest = text[at:]

    def word_follows(i):
        return i < len(rest) and is_word_char(rest[i])

    if not after_word:
        for face in FACES:
            if rest.startswith(face) and not word_follows(len(face)):
                return len(face)
        if rest in REVERSED_FACES:
            return len(rest)

    # brow, eyes, tear or nose, mouth: >:'-(
    i = 1 if rest[0] == ">" else 0
    if i >= len(rest) or rest[i] not in ":;=":
        return 0
    eyes = rest[i]
    i += 1
    nose = i
    if i < len(rest) and rest[i] == "'":
        i += 1
    if i + 1 < len(rest) and rest[i] in "-^~":
        i += 1
    if i >= len(rest):
        return 0
    has_nose = i > nose
    mouth = rest[i]
    i += 1
    if mouth in "()":
        if after_word and not has_nose and (in_brackets or mouth == "("):
            return 0
        end = i
        while end < len(rest) and rest[end] == mouth:
            end += 1
        if word_follows(end):
            return 0
        return end - 1 if mouth == ")" and in_brackets and end > i else end
    if after_word:
        return 0
    known = mouth in "DPpOo3/|\\][" or mouth in "SsxX*@$" and eyes == ":"
    return i if known and not word_follows(i) else 0


# Addresses: `text` ends where the chunk does.

def address_end(text, at):
    end, depth = at, 0
    while end < len(text):
        c = text[end]
        if c in "<>\"'`|{}\\^" if ord(c) < 128 else not (is_letter(c) or ord(c) < 0x10000 and unicodedata.category(c) == "Nd"):
            break
        if c == "(":
            depth += 1
        elif c == ")":
            depth -= 1
            if depth < 0:
                break
        end += 1
    while end > at and text[end - 1] in ".,;:!?*][(":
        end -= 1
    return end


def find_link(text, begin):
    for i in range(begin, len(text)):
        c = text[i]
        if c == ":":
            start = i
            while start > begin and i - start < 10 and is_ascii_letter(text[start - 1]):
                start -= 1
            scheme = text[start:i]
            slashes = text.startswith("//", i + 1)
            if len(scheme) < 2 or not (slashes or lower(scheme) == "mailto" or scheme == "ymsgr"):
                continue
            body = i + (3 if slashes else 1)
            end = address_end(text, body)
            if end > body:
                return start, end
        elif c in "wW":
            if i > begin and ord(text[i - 1]) < 0x10000 and is_word_char(text[i - 1]) or lower(text[i:i + 4]) != "www.":
                continue
            end = address_end(text, i + 4)
            if end > i + 4:
                return i, end
        elif c == "@":
            start = i
            while start > begin and (is_ascii_letter_or_digit(text[start - 1]) or text[start - 1] in "._-+%"):
                start -= 1
            while start < i and not is_ascii_letter_or_digit(text[start]):
                start += 1
            end = i + 1
            if start == i or end == len(text) or not is_ascii_letter_or_digit(text[end]):
                continue
            while end < len(text) and (is_ascii_letter_or_digit(text[end]) or text[end] in ".-_"):
                end += 1
            while not is_ascii_letter_or_digit(text[end - 1]):
                end -= 1
            return start, end
    return None


class Scanner:
    """One pass over a text. A token runs from the last cut to the next."""

    def __init__(self, text):
        self.text = text
        self.tokens = []
        self.start = 0  # of the token being read
        self.chunk_start = self.chunk_end = 0  # the run without white space being read
        self.name_end = 0  # up to here no file or host name begins
        self.open = 0  # round brackets still open

    def scan(self):
        i = 0
        while i < len(self.text):
            if is_space(self.text[i]):
                i += 1
                continue
            end = i
            while end < len(self.text) and not is_space(self.text[end]):
                end += 1
            self.start, self.chunk_start, self.chunk_end = i, i, end
            if all(is_ascii_letter(c) for c in self.text[i:end]):
                self.cut_word(end)
            else:
                self.chunk()
            i = end
        return self.tokens

    def cut(self, end):
        """Ends the token, behind marks that extend it; does nothing when an earlier cut went further."""
        if end <= self.start:
            return
        while end < self.chunk_end and ord(self.text[end]) > 127 and extends(self.text[end]):
            end += 1
        self.tokens.append((self.text[self.start:end], self.start, end))
        self.start = end

    def chunk(self):
        chunk = self.text[self.start:self.chunk_end]
        if len(chunk) > 3 and all(c in "-=_*~+|<>#^{}" for c in chunk):  # *~*~*
            self.cut(self.chunk_end)
            return
        while self.start < self.chunk_end:
            link = find_link(self.text[:self.chunk_end], self.start)
            self.region(link[0] if link else self.chunk_end)
            if link:
                self.cut(link[1])

    def region(self, limit):
        while self.start < limit:
            if self.name(limit):
                continue
            if is_ascii_digit(self.text[self.start]):
                self.number(self.start, limit)
            elif is_word_char(self.text[self.start]):
                self.word(self.start, limit)
            else:
                self.mark(limit)

    def is_word(self, at, limit):
        return at < limit and is_word_char(self.text[at])

    def word_end(self, at, limit):
        while at < limit and is_word_char(self.text[at]):
            at += 1
        return at

    def next_word(self, at):
        while at < len(self.text) and is_space(self.text[at]):
            at += 1
        end = at
        while end < len(self.text) and end - at <= LONGEST_ENTRY and is_ascii_letter(self.text[end]):
            end += 1
        return self.text[at:end]

    def ends_paragraph(self, at):
        breaks = 0
        while at < len(self.text) and is_space(self.text[at]):
            breaks += self.text[at] == "\n"
            if breaks == 2:
                return True
            at += 1
        return at == len(self.text)

    # Names of files and hosts: report-2.DOC, example.com/about

    def name(self, limit):
        text, start = self.text, self.start
        if start < self.name_end:
            return False
        end, dot, twin = start, -1, False
        while end < limit:
            c = text[end]
            if c == ".":
                dot = end
            elif not is_ascii_letter_or_digit(c) and c not in "-_#%&~+":
                break
            twin = twin or end > start and c in ".-" and text[end - 1] == c
            end += 1
        self.name_end = end
        if dot >= 0 and dot == end - 1:  # the period ends a sentence: look at the one before
            end = dot
            dot = text.rfind(".", start, end)
        if dot < 0 or twin:
            return False
        extension = text[dot + 1:end]
        named = is_ascii_letter_or_digit(text[dot - 1]) if dot > start else len(extension) > 2  # .NET, .com
        if named and has(DOMAINS, extension):
            if end < limit and text[end] == "/":
                end = address_end(text[:limit], end)
        elif not has(FILES, extension):
            return False
        self.cut(end)
        return True

    # Words

    def word(self, at, limit):
        text = self.text
        newsgroup = False
        while True:
            end = self.word_end(at, limit)
            if end == limit:
                self.cut_word(end)
                return
            mark, next_ = text[end], end + 1
            inner = self.is_word(next_, limit)
            token = text[self.start:end]
            if inner and mark in APOSTROPHES and self.cut_at_apostrophe(end, limit):
                return
            newsgroup = newsgroup or (
                inner and mark == "." and "a" <= token[0] <= "z" and "a" <= text[next_] <= "z" and has(NEWSGROUPS, token))
            if mark == ".":
                joins = newsgroup and inner or inner and is_ascii_digit(text[end - 1]) and is_ascii_digit(text[next_])
            elif mark == "/":
                joins = inner and self.slash_joins(token, next_, limit)
            elif mark in "_*$":  # snake_case, f**k, me$$age
                next_ = run_end(text, end, limit)
                joins = self.is_word(next_, limit) and (mark == "_" or is_letter(text[end - 1]) and is_letter(text[next_]))
            elif mark == "&":
                joins = inner
            else:
                joins = inner and (mark in APOSTROPHES or mark in "-\u2010\u2011" and self.hyphen_joins(token, next_, limit))
            if not joins:
                self.end_word(end, mark, limit)
                return
            at = next_

    def hyphen_joins(self, token, next_, limit):
        if has(PREFIXES, token):
            return True
        end = self.word_end(next_, min(limit, next_ + LONGEST_ENTRY))
        return has(SUFFIXES, self.text[next_:end]) or has(INTERJECTIONS, self.text[self.start:end])

    def slash_joins(self, token, next_, limit):
        end = self.word_end(next_, min(limit, next_ + 4))
        if len(token) == 1 and end == next_ + 1:  # n/a
            return is_ascii_letter(token) and is_ascii_letter(self.text[next_])
        return token in ("w", "W") and lower(self.text[next_:end]) == "out"

    def end_word(self, end, mark, limit):
        token = self.text[self.start:end]
        run = run_end(self.text, end, limit)
        inner = self.is_word(end + 1, limit)
        last = end
        if mark == "/" and token in ("w", "W"):
            last = end + 1  # w/ milk
        elif mark == "*" and sum(1 + (ord(c) > 0xFFFF) for c in token) <= 2 and run > end + 1:
            last = run  # f***
        elif mark == "$" and has(CURRENCIES, token):
            last = end + 1  # US$
        elif mark == "+" and token in ("C", "c") and run == end + 2:
            last = run  # C++
        elif mark == "#" and token in ("C", "F") and not inner:
            last = run  # C#
        if last > end:
            self.cut(last)
        elif mark == ".":
            self.period(end, limit, inner)
        else:
            self.cut_word(end)

    def cut_word(self, end):
        start = self.start
        word = self.text[start:end]
        fused = FUSED.get(lower(word)) if word != "IM" else None
        if fused and not self.is_meant_as_one(word, end):
            at = start
            for part in fused.split("|")[:-1]:
                at += len(part)
                self.cut(at)
        self.cut(end)

    def is_meant_as_one(self, word, end):
        """`its` and `lets` are words of their own too: the next word tells."""
        if lower(word) == "its":
            return end < self.chunk_end or not has(AFTER_IT_IS, self.next_word(end))
        return lower(word) == "lets" and has(AFTER_VERB_LETS, self.next_word(end))

    def cut_at_apostrophe(self, apostrophe, limit):
        next_ = apostrophe + 1
        end = self.word_end(next_, min(limit, next_ + LONGEST_ENTRY))
        letters = self.text[next_:end]
        before = self.text[apostrophe - 1]
        only = before.lower() if apostrophe - 1 == self.start else ""
        if is_ascii_digit(before):
            if letters in ("s", "S"):
                return False  # the 60's, but 5|'|2
            self.cut(apostrophe)
        elif before in "nN" and letters in ("t", "T"):
            self.cut(apostrophe - 1)
            self.cut(end)
        elif has(CLITICS, letters):
            self.cut(apostrophe)
            self.cut(end)
        elif only == "i" and letters == "ma":
            self.cut(apostrophe)  # I|'m|a
            self.cut(next_ + 1)
        elif only == "c" and letters in ("mon", "MON"):
            self.cut(next_ + 1)  # c'm|on
        elif only == "d" and letters in ("you", "YOU"):
            self.cut(next_)  # d'|you
        else:
            return False
        return True

    # Periods

    def period(self, period, limit, inner):
        text, next_ = self.text, period + 1
        token = text[self.start:period]
        letter = len(token) == 1 and is_ascii_letter(token)
        if letter and inner:
            self.acronym(period, limit)
            return
        if inner and token == "Ph" and text[next_] == "D" and not self.is_word(next_ + 1, limit):
            if next_ + 1 < limit and text[next_ + 1] == ".":
                self.abbreviation_end(next_ + 1, True)
            else:
                self.cut(next_ + 1)
            return
        abbreviation = token != "I" if letter else is_abbreviation(token)
        if inner:
            number = is_ascii_digit(text[next_]) and has(NUMBER_ABBREVIATIONS, token)
            title = abbreviation and "A" <= token[0] <= "Z" and is_ascii_letter_or_digit(text[next_])
            if title or number:
                self.cut(next_)
            else:
                self.cut_word(period)
        else:
            self.abbreviation_end(period, abbreviation)

    def acronym(self, period, limit):
        """Letters with a period after each: U.S., p.m, P.O.|Box"""
        text = self.text
        while self.is_letter_alone(period + 1, limit) and period + 2 < limit and text[period + 2] == ".":
            period += 2
        next_ = period + 1
        if next_ >= limit or not is_ascii_letter(text[next_]):
            self.abbreviation_end(period, True)
        elif self.is_letter_alone(next_, limit):
            self.cut(next_ + 1)
        else:  # J.Hill, but not I.Then
            initial = "A" <= text[self.start] <= "Z" and text[self.start] != "I" and "A" <= text[next_] <= "Z"
            self.cut(next_ if period - self.start > 1 or initial else period)

    def is_letter_alone(self, at, limit):
        return at < limit and is_ascii_letter(self.text[at]) and not self.is_word(at + 1, limit)

    def abbreviation_end(self, period, abbreviation):
        """Cuts after the period of an abbreviation, or before it where it ends the sentence."""
        text, next_ = self.text, period + 1
        token = text[self.start:period]
        dotted = "." in token
        if next_ < self.chunk_end:
            ellipsis = text[next_] == "." and next_ + 1 < self.chunk_end and text[next_ + 1] == "."
            twin = text[next_] == "." and not dotted and not is_abbreviation(token)
            closing = len(token) == 1 and text[next_] in ")\"\u201D?!"  # (plan B.)
            if abbreviation and not ellipsis and not twin and not closing:
                self.cut(next_)
            else:
                self.cut_word(period)
            return
        following = self.next_word(next_)
        capital = len(following) > 0 and "A" <= following[0] <= "Z"
        ends = (self.ends_paragraph(next_) or capital and lower(token) == "etc"
                or capital and len(token) == 1 and "a" <= token <= "z")
        if not abbreviation:
            ends = ends or not (has(NUMBER_ABBREVIATIONS, token) and self.digit_follows(next_))
        if ends:
            self.cut_word(period)
        else:
            self.cut(next_)

    def digit_follows(self, at):
        while at < len(self.text) and is_space(self.text[at]):
            at += 1
        return at < len(self.text) and (is_ascii_digit(self.text[at]) or self.text[at] == "#")

    # Numbers

    def number(self, at, limit):
        text = self.text
        end = at + 1
        while end < limit:
            if is_ascii_digit(text[end]):
                end += 1
            elif text[end] in ".,:/-" and end + 1 < limit and is_ascii_digit(text[end + 1]):
                end += 2
            else:
                break
        self.digit_groups(at, end)
        if end + 1 < limit and text[end] in "xX" and is_ascii_digit(text[end + 1]) and text[self.start:end] != "0":
            self.cut(end)  # 1920x1080
            self.cut(end + 1)
            return
        letters = self.word_end(end, limit)
        if letters > end and is_unit(text[end:letters]):
            self.cut(end)
        self.word(end, limit)

    def digit_groups(self, start, end):
        """Cuts between the groups where they are several numbers; the last one stays open."""
        if is_phone_or_date(self.text[start:end]):
            return
        piece = start
        for i in range(start, end + 1):
            if i < end and self.text[i] != "-":
                continue
            self.fraction(piece, i)
            if i == end:
                break
            self.cut(i)
            self.cut(i + 1)
            piece = i + 1

    def fraction(self, start, end):
        piece = self.text[start:end]
        slash = piece.find("/")
        date = slash > 0 and ("/" in piece[slash + 1:] or is_month_and_day(piece[:slash], piece[slash + 1:]))
        for i in range(start, end):
            if self.text[i] == "/" and not date or self.text[i] == "," and not self.is_thousands(i, end):
                self.cut(i)
                self.cut(i + 1)

    def is_thousands(self, comma, end):
        digits = comma + 1
        while digits < end and is_ascii_digit(self.text[digits]):
            digits += 1
        return digits - comma - 1 == 3

    # Marks

    def mark(self, limit):
        text, at = self.text, self.start
        c = text[at]
        after_word = at > self.chunk_start and ord(text[at - 1]) < 0x10000 and is_word_char(text[at - 1])
        face = match_face(text[self.chunk_start:limit], at - self.chunk_start, self.open > 0)
        if face > 0:
            self.cut(at + face)
        elif c in ".\u2026":
            self.dots(limit, after_word)
        elif c in "!?":
            self.cut(span_end(text, at, limit, "!?."))
        elif c in "-=":
            shaft = run_end(text, at, limit)
            self.cut(run_end(text, shaft, limit) if shaft < limit and text[shaft] == ">" else shaft)
        elif c in "<>":
            head = run_end(text, at, limit)
            self.cut(run_end(text, head, limit) if head < limit and text[head] in "=-" else head)
        elif c in "#@" and not after_word and self.is_word(at + 1, limit) and not is_ascii_digit(text[at + 1]):
            self.cut(self.tag_end(at + 1, limit))
        elif c == "+" and not after_word and self.country_code_end(at + 1, limit) > 0:
            self.cut(self.country_code_end(at + 1, limit))
        elif c in "*_~+#^|/\\$," or c in DASHES:
            self.cut(run_end(text, at, limit))
        elif c == "(":
            self.open += 1
            self.cut(at + 1)
        elif c == ")":
            self.open = max(0, self.open - 1)
            self.cut(at + 1)
        elif c in APOSTROPHES:
            self.apostrophe(limit, after_word)
        else:
            self.cut(at + 1 if ord(c) < 128 else cluster_end(text[:limit], at))

    def dots(self, limit, after_word):
        text, at = self.text, self.start
        end = span_end(text, at, limit, ".\u2026")
        if end > at + 1 or text[at] == "\u2026":
            self.cut(end)
        elif end < limit and text[end] in "?!":
            self.cut(span_end(text, at, limit, ".?!"))
        elif end < limit and not after_word and is_ascii_digit(text[end]):
            self.number(end, limit)
        else:
            self.cut(end)

    def apostrophe(self, limit, after_word):
        """An apostrophe that no word before it holds: a clitic, a shortened word, or a quotation mark."""
        text, at = self.text, self.start
        next_ = at + 1
        end = self.word_end(next_, min(limit, next_ + LONGEST_ENTRY))
        letters = "" if self.is_word(end, limit) else text[next_:end]
        if has(CLITICS, letters) if after_word else has(ELIDED, letters) or is_decade(letters):
            self.cut(end)
        elif not after_word and letters in ("tis", "Tis", "TIS", "twas", "Twas", "TWAS"):
            self.cut(next_ + 1)
        else:  # two make a double quotation mark
            twin = next_ < limit and text[next_] in APOSTROPHES and text[next_] != "\u02BC"
            self.cut(next_ + 1 if twin else next_)

    def tag_end(self, at, limit):
        end = self.word_end(at, limit)
        while end < limit and self.text[end] in "_." and self.is_word(end + 1, limit):
            end = self.word_end(end + 1, limit)
        return end

    def country_code_end(self, at, limit):
        end = at
        while end < limit and end - at < 4 and is_ascii_digit(self.text[end]):
            end += 1
        return end if 0 < end - at < 4 else 0


def is_decade(letters):
    return len(letters) in (2, 3) and all(is_ascii_digit(c) for c in letters[:2]) and letters[2:] in ("", "s")


def is_month_and_day(month, day):
    return ((len(month) == 2 or len(day) == 2) and 0 < len(month) <= 2 and 0 < len(day) <= 2
            and all(is_ascii_digit(c) for c in month + day) and int(month) <= 12 and int(day) <= 31)


def is_phone_or_date(number):
    lengths, digits = [], 0
    for c in number:
        if is_ascii_digit(c):
            digits += 1
            continue
        if c not in "-." and not (c == "/" and not lengths) or len(lengths) == 4:
            return False
        lengths.append(digits)
        digits = 0
    lengths.append(digits)
    count, slashed, dotted = len(lengths), "/" in number, "." in number
    first, second = lengths[0], lengths[1] if count > 1 else 0
    if count == 2 and first in (1, 3, 5) and digits == 4:
        return not slashed and not dotted
    if count == 3 and first == 3 and second in (2, 3) and digits == 4:
        return True
    if count == 3 and (first <= 2 and second <= 2 and digits in (2, 4) or (first, second, digits) == (4, 2, 2)):
        return not slashed and not dotted
    return count in (4, 5) and first <= 3 and second <= 3 and digits in (3, 4) and not slashed


def tokens(text):
    """The tokens of a text with start and end (exclusive) in code points."""
    return Scanner(text).scan()


def main(args):
    if args[:1] == ["--split"]:
        for line in pathlib.Path(args[1]).read_text("utf-8").split("\n"):
            print(json.dumps({"text": line, "tokens": tokens(line)}, ensure_ascii=False))
        return 0
    file = pathlib.Path(args[0]) if args else pathlib.Path(__file__).with_name("english-tokens.jsonl")
    wrong = 0
    for number, line in enumerate(file.read_text("utf-8").rstrip("\n").split("\n"), 1):
        case = json.loads(line)
        found = [list(token) for token in tokens(case["text"])]
        if found != case["tokens"]:
            wrong += 1
            print(f"{file.name}, line {number}: {found}; expected {case['tokens']}")
    print(f"{number} cases, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
