using System.Globalization;
using System.Text;

namespace Deployments.Data.Records;

/// <summary>
/// Unicode Normalization Form C (UAX 15): one spelling of texts that look the same, such as <c>é</c> and <c>e</c> with
/// a combining accent. The runtime's own does nothing without ICU, which this program does not ask of a machine. Pure.
/// </summary>
/// <remarks>
/// <c>nfc.txt</c> has what the Unicode Character Database says, version 14, like PostgreSQL 15; what was assigned later
/// stays as it is. A normalised text stays normalised in all later versions.
/// </remarks>
public static class Nfc
{
    const char FirstAffected = '\u0300'; // whatever is below is composed already

    // Hangul syllables, by arithmetic (The Unicode Standard, section 3.12).
    const int SyllableBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TrailBase = 0x11A7;
    const int LeadCount = 19, VowelCount = 21, TrailCount = 28, SyllableCount = LeadCount * VowelCount * TrailCount;

    static readonly Lazy<Tables> Data = new(Load);

    /// <summary>The text in normalisation form C. Half a surrogate pair, which is no text, becomes U+FFFD.</summary>
    public static string Of(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!text.AsSpan().ContainsAnyInRange(FirstAffected, '\uffff'))
            return text;
        var letters = new List<int>(text.Length);
        foreach (var rune in text.EnumerateRunes())
            Decompose(rune.Value, letters);
        var result = new StringBuilder(text.Length);
        foreach (var letter in Compose(Ordered(letters)))
            result.Append(new Rune(letter));
        return result.ToString();
    }

    static void Decompose(int letter, List<int> into)
    {
        var syllable = letter - SyllableBase;
        if (syllable is >= 0 and < SyllableCount)
        {
            into.Add(LeadBase + (syllable / (VowelCount * TrailCount)));
            into.Add(VowelBase + (syllable / TrailCount % VowelCount));
            if (syllable % TrailCount > 0)
                into.Add(TrailBase + (syllable % TrailCount));
        }
        else if (Data.Value.Parts.TryGetValue(letter, out var parts))
        {
            foreach (var part in parts)
                Decompose(part, into);
        }
        else
        {
            into.Add(letter);
        }
    }

    // Marks that stand behind each other, by their class; those of one class stay in order.
    static List<int> Ordered(List<int> letters)
    {
        for (var start = 0; start < letters.Count; start++)
        {
            var end = start;
            while (end < letters.Count && ClassOf(letters[end]) > 0)
                end++;
            if (end - start > 1)
            {
                var sorted = letters[start..end].OrderBy(ClassOf).ToList();
                for (var i = 0; i < sorted.Count; i++)
                    letters[start + i] = sorted[i];
            }

            start = end;
        }

        return letters;
    }

    static List<int> Compose(List<int> letters)
    {
        var result = new List<int>(letters.Count);
        var (starter, lastClass) = (-1, 0);
        foreach (var letter in letters)
        {
            var itsClass = ClassOf(letter);
            var isNext = starter == result.Count - 1; // nothing stands between
            if (starter >= 0 && (isNext || (lastClass < itsClass && lastClass > 0))
                && ComposedOrNull(result[starter], letter) is { } composed)
            {
                result[starter] = composed;
                continue;
            }

            if (itsClass == 0)
                starter = result.Count;
            lastClass = itsClass;
            result.Add(letter);
        }

        return result;
    }

    static int? ComposedOrNull(int first, int second)
    {
        if (first - LeadBase is >= 0 and < LeadCount and var lead
            && second - VowelBase is >= 0 and < VowelCount and var vowel)
            return SyllableBase + (((lead * VowelCount) + vowel) * TrailCount);
        if (first - SyllableBase is >= 0 and < SyllableCount and var syllable && syllable % TrailCount == 0
            && second - TrailBase is > 0 and < TrailCount and var trail)
            return first + trail;
        return Data.Value.Wholes.TryGetValue((first, second), out var whole) ? whole : null;
    }

    static int ClassOf(int letter) => Data.Value.Classes.GetValueOrDefault(letter);

    static Tables Load()
    {
        var tables = new Tables([], [], []);
        using var reader = new StreamReader(typeof(Nfc).Assembly.GetManifestResourceStream("nfc.txt")!);
        while (reader.ReadLine() is { } line)
        {
            if (line is [] or ['#', ..])
                continue;
            var (left, right) = line.Split('=') is [var name, var value] ? (name, value) : throw new FormatException();
            if (left.StartsWith('c')) // a class: c230=0300 0301 …
            {
                foreach (var letter in right.Split(' '))
                    tables.Classes[Hex(letter)] = int.Parse(left.AsSpan(1), CultureInfo.InvariantCulture);
                continue;
            }

            // A whole and its parts; with an exclamation mark it is taken apart only.
            var parts = Array.ConvertAll(right.TrimEnd('!').Split(' '), Hex);
            tables.Parts[Hex(left)] = parts;
            if (!right.EndsWith('!'))
                tables.Wholes[(parts[0], parts[1])] = Hex(left);
        }

        return tables;
    }

    static int Hex(string digits) => int.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    sealed record Tables(
        Dictionary<int, int[]> Parts, Dictionary<(int, int), int> Wholes, Dictionary<int, int> Classes);
}
