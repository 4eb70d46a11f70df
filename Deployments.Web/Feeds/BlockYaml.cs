using System.Text;
using System.Text.RegularExpressions;

namespace Deployments.Web.Feeds;

/// <summary>
/// Reads the YAML that Ruby writes: maps and lists in block style, plain, quoted and literal texts, anchors. Tags are
/// passed over: everything is a text, a list or a map. Not for YAML in general.
/// </summary>
sealed partial class BlockYaml
{
    const int DepthMax = 32;

    readonly List<string> lines;
    readonly Dictionary<string, object?> anchors = [];
    int at;

    BlockYaml(string text) => lines = [.. text.Split('\n').Select(line => line.TrimEnd('\r'))
        .Where(line => !line.StartsWith("%YAML", StringComparison.Ordinal) && line != "...")];

    /// <summary>The document's root; null when it cannot be read.</summary>
    public static object? ReadOrNull(string text)
    {
        try
        {
            var yaml = new BlockYaml(text);
            while (yaml.at < yaml.lines.Count && yaml.lines[yaml.at] is "" or ['-', '-', '-', ..])
                yaml.at++;
            return yaml.Block(0, 0);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    // What begins on this line and is indented at least as far.
    object? Block(int indent, int depth)
    {
        if (depth > DepthMax)
            throw new FormatException("It is nested too deeply.");
        SkipEmpty();
        if (at >= lines.Count || Indent(lines[at]) < indent)
            return null;
        var own = Indent(lines[at]);
        return IsItem(lines[at], own) ? List(own, depth) : Map(own, depth);
    }

    List<object?> List(int indent, int depth)
    {
        var list = new List<object?>();
        for (SkipEmpty(); at < lines.Count && Indent(lines[at]) == indent && IsItem(lines[at], indent); SkipEmpty())
        {
            var rest = lines[at][(indent + 1)..].TrimStart();
            var (anchor, text) = WithoutTags(rest);
            if (text.Length > 0 && (IsItem(text, 0) || KeyPattern().IsMatch(text)))
            {
                // The item is a list or a map that begins on this line.
                lines[at] = new string(' ', lines[at].Length - text.Length) + text;
                list.Add(Keep(anchor, Block(indent + 1, depth + 1)));
            }
            else
            {
                at++;
                list.Add(Keep(anchor, text.Length == 0 ? Block(indent + 1, depth + 1) : Scalar(text, indent)));
            }
        }

        return list;
    }

    Dictionary<string, object?> Map(int indent, int depth)
    {
        var map = new Dictionary<string, object?>(StringComparer.Ordinal);
        for (SkipEmpty(); at < lines.Count && Indent(lines[at]) == indent; SkipEmpty())
        {
            if (KeyPattern().Match(lines[at][indent..]) is not { Success: true } match)
                throw new FormatException("There is no key where one should be.");
            at++;
            var (anchor, text) = WithoutTags(match.Groups[2].Value.Trim());
            // A list may stand as far left as its key.
            SkipEmpty();
            var isList = at < lines.Count && Indent(lines[at]) == indent && IsItem(lines[at], indent);
            map[Unquote(match.Groups[1].Value)] = Keep(anchor,
                text.Length > 0 ? Scalar(text, indent)
                : isList ? List(indent, depth + 1)
                : Block(indent + 1, depth + 1));
        }

        return map;
    }

    // A text that begins with this and may go on in lines that are indented further.
    object? Scalar(string text, int indent)
    {
        if (text is "[]")
            return new List<object?>();
        if (text is "{}")
            return new Dictionary<string, object?>(StringComparer.Ordinal);
        if (text[0] == '*')
            return anchors.GetValueOrDefault(text[1..]);
        if (text[0] is '|' or '>')
            return Literal(isFolded: text[0] == '>', indent);
        var whole = new StringBuilder(text);
        var quote = text[0] is '"' or '\'' ? text[0] : '\0';
        while (at < lines.Count && (quote == '\0' || !IsClosed(whole, quote))
            && (Indent(lines[at]) > indent || (quote != '\0' && lines[at].Length == 0)))
        {
            var line = lines[at++].Trim();
            if (quote == '"' && whole[^1] == '\\')
                whole.Length--; // the break is no part of the text
            else
                whole.Append(line.Length == 0 ? '\n' : ' ');
            whole.Append(line.StartsWith("\\ ", StringComparison.Ordinal) ? line[1..] : line);
        }

        return Unquote(whole.ToString());
    }

    string Literal(bool isFolded, int indent)
    {
        var text = new List<string>();
        while (at < lines.Count && (lines[at].Trim().Length == 0 || Indent(lines[at]) > indent))
            text.Add(lines[at++]);
        var margin = text.Where(line => line.Trim().Length > 0).Select(Indent).DefaultIfEmpty(0).Min();
        var own = text.Select(line => line.Length > margin ? line[margin..] : "");
        return string.Join(isFolded ? ' ' : '\n', own).Trim();
    }

    object? Keep(string? anchor, object? value)
    {
        if (anchor is not null)
            anchors[anchor] = value;
        return value;
    }

    static (string? Anchor, string Text) WithoutTags(string text)
    {
        string? anchor = null;
        while (text.Length > 0 && text[0] is '!' or '&')
        {
            var end = text.IndexOf(' ', StringComparison.Ordinal);
            var word = end < 0 ? text : text[..end];
            if (word[0] == '&')
                anchor = word[1..];
            text = end < 0 ? "" : text[end..].TrimStart();
        }

        return (anchor, text);
    }

    static string Unquote(string text)
    {
        if (text.Length < 2 || text[0] != text[^1] || text[0] is not ('"' or '\''))
            return text;
        return text[0] == '\''
            ? text[1..^1].Replace("''", "'", StringComparison.Ordinal)
            : EscapePattern().Replace(text[1..^1], match => match.Value[1] switch
            {
                'n' => "\n",
                't' => "\t",
                'r' => "\r",
                'e' => "\x1b",
                '0' => "\0",
                'x' or 'u' => ((char)Convert.ToInt32(match.Value[2..], 16)).ToString(),
                var other => other.ToString(),
            });
    }

    static bool IsClosed(StringBuilder text, char quote)
    {
        if (text.Length < 2 || text[^1] != quote)
            return false;
        var before = 0;
        for (var i = text.Length - 2; i > 0 && text[i] == (quote == '"' ? '\\' : '\''); i--)
            before++;
        return before % 2 == 0;
    }

    static bool IsItem(string line, int indent) =>
        line.Length > indent && line[indent] == '-' && (line.Length == indent + 1 || line[indent + 1] == ' ');

    static int Indent(string line) => line.Length - line.AsSpan().TrimStart(' ').Length;

    void SkipEmpty()
    {
        while (at < lines.Count && lines[at].Trim().Length == 0)
            at++;
    }

    [GeneratedRegex(
        @"\A(""(?:[^""\\]|\\.)*""|'(?:[^']|'')*'|[^\s'""\[{|>*&!%#@`-][^:]*(?::[^\s:][^:]*)*):(?:\s+(.*))?\z",
        RegexOptions.NonBacktracking)]
    private static partial Regex KeyPattern();

    [GeneratedRegex(@"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|.)", RegexOptions.Singleline)]
    private static partial Regex EscapePattern();
}
