using System.Collections.Frozen;

namespace RnnService.Engine.Text;

/// <summary>The word lists behind the tokenizer's rules. Lookups ignore case unless said otherwise.</summary>
internal static class EnglishForms
{
    /// <summary>No entry of any list is longer, so longer words need no lookup.</summary>
    public const int LongestEntry = 12;

    // Written as one word, meant as two or three: where each later word begins.
    private static readonly FrozenDictionary<string, int[]> Fused = BuildFused(
        "can|not gon|na wan|na wan|a got|ta out|ta sort|a lot|ta lem|me gim|me du|n|no had|da ought|a "
        + "could|a should|a would|a must|a might|a a|lot in|fact "
        + "do|nt does|nt did|nt ca|nt wo|nt is|nt are|nt ar|nt was|nt were|nt have|nt has|nt had|nt could|nt would|nt should|nt "
        + "must|nt need|nt ai|nt i|m i|ve you|ve we|ve they|ve you|re they|re you|ll they|ll it|ll that|ll "
        + "it|s that|s what|s there|s here|s he|s she|s who|s where|s how|s when|s else|s let|s");

    private static readonly FrozenSet<string> CliticSet = Set("s m d ll ve re");

    private static readonly FrozenSet<string> AbbreviationSet = Set(
        "mr mrs ms mx dr prof st ste ft mt jr sr esq gen lt sgt cpl capt cmdr maj col rev hon gov sen reps supt "
        + "inc corp ltd llc dept dist univ assn bros blvd ave hwy pkwy "
        + "vs etc al eg ie cf viz ca approx est esp incl excl misc resp min max avg temp "
        + "tel ext attn conf spec ref vol para sec ch fig eq appt assoc "
        + "lb lbs oz mins hrs hr yrs yr mos ea doz qty arr arrv lv ph ass't int'l gov't dep't nat'l cont'd "
        + "jan feb apr aug sept oct nov dec tue tues thu thur thurs que ont calif fla minn wis tenn ariz conn");

    // Words in their own right when not capitalised. Exact case.
    private static readonly FrozenSet<string> CapitalisedAbbreviations =
        ("Co Rep Pres Mon Wed Fri Sat Sun Mar Jun Jul Sep Va La Pa Ga Mo Ore Wash Mass Mich Tex Okla Ala Ark Ky Md Neb Nev Ind Ill Del "
        + "Sc Ed Adm Fr Rd Bldg Fax Mob Cpt Insp").Split(' ').ToFrozenSet(StringComparer.Ordinal);

    private static readonly FrozenSet<string> NumberAbbreviations = Set("no nos p pp art pt");

    private static readonly FrozenSet<string> PrefixSet = Set(
        "ante anti arch bi bio co counter cross cyber de e eco ex extra inter intra macro mega micro mid mini multi neo non over pan "
        + "para peri post pre pro pseudo psycho quasi re semi socio sub super tri u ultra un under uni");

    private static readonly FrozenSet<string> SuffixSet = Set("esque ette fest fold gate itis less most rama wise");

    private static readonly FrozenSet<string> InterjectionSet = Set("uh-huh uh-oh uh-uh mm-hm mm-hmm ha-ha");

    private static readonly FrozenSet<string> UnitSet = Set(
        "am pm a p k m b t bn mn mm cm km kg mg g lb lbs oz ft yd mi mph kph sq sqft in hz khz mhz ghz kb mb gb tb kw kwh mw mwh w v "
        + "f c x s/f p min mins minute minutes hr hrs hour hours sec secs yr yrs year years day days week weeks month months "
        + "persons people percent watt watts ml l dpi px");

    private static readonly FrozenSet<string> DomainSet = Set(
        "com org net edu gov mil int info biz co uk ca au de fr jp nz eu ru cn ie nl ch se dk pl br mx io ai tv");

    private static readonly FrozenSet<string> FileSet = Set(
        "doc docx xls xlsx ppt pptx pps pdf txt rtf csv tsv htm html xhtml xml json yaml jpg jpeg gif png bmp tif tiff svg psd mp3 mp4 avi "
        + "mov wav wma zip tar gz rar exe dll bat php asp aspx jsp js css cpp url eml msg mdb dat log bak ini");

    private static readonly FrozenSet<string> NewsgroupSet = Set("alt ba comp misc rec sci soc talk news humanities");

    private static readonly FrozenSet<string> ElidedSet = Set("em n til till cause cuz bout round s m d ll ve re");

    private static readonly FrozenSet<string> CurrencySet = Set("us u c a au ca nz hk s r sg");

    private static readonly FrozenSet<string> AfterItIs = Set(
        "a an the not n't so very really just also still now for from been getting going too always never simply only no nothing ok okay "
        + "because that there my your this in on at about like probably definitely all called more between quite pretty worth as");

    private static readonly FrozenSet<string> AfterVerbLets = Set("me you him her us them the a an it people users your my");

    /// <summary>Where the later words of a fused form such as <c>cannot</c> or <c>dont</c> begin; empty for any other word.</summary>
    public static ReadOnlySpan<int> FusedCuts(ReadOnlySpan<char> word)
    {
        if (word.Length > LongestEntry || word is "IM") return [];
        return Fused.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(word, out int[]? cuts) ? cuts : [];
    }

    /// <summary>Whether letters after an apostrophe are a clitic (<c>'s</c>, <c>'ll</c>); <c>n't</c> is another matter.</summary>
    public static bool IsClitic(ReadOnlySpan<char> letters) => Has(CliticSet, letters);

    /// <summary>Whether letters after an apostrophe make a word that lost its beginning (<c>'em</c>).</summary>
    public static bool IsElided(ReadOnlySpan<char> letters) => Has(ElidedSet, letters);

    /// <summary>Whether the word, without its period, is an abbreviation.</summary>
    public static bool IsAbbreviation(ReadOnlySpan<char> word) => Has(AbbreviationSet, word) || Has(CapitalisedAbbreviations, word);

    /// <summary>Whether the word, without its period, is an abbreviation before a number only (<c>No. 5</c>).</summary>
    public static bool IsNumberAbbreviation(ReadOnlySpan<char> word) => Has(NumberAbbreviations, word);

    /// <summary>Whether the part before a hyphen is a prefix, which EWT does not cut off.</summary>
    public static bool IsPrefix(ReadOnlySpan<char> part) => Has(PrefixSet, part);

    /// <summary>Whether the part after a hyphen is a suffix, which EWT does not cut off.</summary>
    public static bool IsSuffix(ReadOnlySpan<char> part) => Has(SuffixSet, part);

    /// <summary>Whether the compound is an interjection, which EWT keeps whole.</summary>
    public static bool IsInterjection(ReadOnlySpan<char> compound) => Has(InterjectionSet, compound);

    /// <summary>Whether letters after a number are its unit (<c>5|pm</c>) and not part of it (<c>5th</c>).</summary>
    public static bool IsUnit(ReadOnlySpan<char> letters) => letters is not ("G" or "T") && Has(UnitSet, letters); // 4G, Model 18T

    /// <summary>Whether the part after the last period ends a host name.</summary>
    public static bool IsTopLevelDomain(ReadOnlySpan<char> part) => Has(DomainSet, part);

    /// <summary>Whether the part after the last period ends a file name.</summary>
    public static bool IsFileExtension(ReadOnlySpan<char> part) => Has(FileSet, part);

    /// <summary>Whether the part before a period opens a newsgroup's name.</summary>
    public static bool IsNewsgroupRoot(ReadOnlySpan<char> part) => Has(NewsgroupSet, part);

    /// <summary>Whether letters before a dollar sign name the country.</summary>
    public static bool IsCurrencyPrefix(ReadOnlySpan<char> letters) => Has(CurrencySet, letters);

    /// <summary>Whether the word after <c>its</c> shows that <c>it's</c> is meant.</summary>
    public static bool FollowsItIs(ReadOnlySpan<char> next) => Has(AfterItIs, next);

    /// <summary>Whether the word after <c>lets</c> shows that the verb is meant, not <c>let's</c>.</summary>
    public static bool FollowsVerbLets(ReadOnlySpan<char> next) => Has(AfterVerbLets, next);

    private static bool Has(FrozenSet<string> set, ReadOnlySpan<char> entry) =>
        entry.Length is > 0 and <= LongestEntry && set.GetAlternateLookup<ReadOnlySpan<char>>().Contains(entry);

    private static FrozenSet<string> Set(string entries) => entries.Split(' ').ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static FrozenDictionary<string, int[]> BuildFused(string entries)
    {
        var fused = new Dictionary<string, int[]>(StringComparer.OrdinalIgnoreCase);
        foreach (string entry in entries.Split(' '))
        {
            string[] words = entry.Split('|');
            int[] cuts = new int[words.Length - 1];
            for (int i = 0, cut = 0; i < cuts.Length; i++) cuts[i] = cut += words[i].Length;
            fused.Add(string.Concat(words), cuts);
        }

        return fused.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
    }
}
