using System.Text;
using Deployments.Data.Inbox;
using Deployments.Web.Feeds;
using Microsoft.Extensions.Primitives;

namespace Deployments.Web.Records;

/// <summary>
/// The <c>X-ProGet-Deployment-*</c> request headers, as Inedo's documentation "Tracking Package Deployments" names
/// them. Pure.
/// </summary>
static class DeploymentHeaders
{
    /// <summary>What all of their names begin with.</summary>
    public const string Prefix = "X-ProGet-Deployment-";

    const int WrittenLengthMax = 4000; // more than anything may have: what is too long stays so

    // The Docker engine forwards those headers of its client that begin with X-Meta-, and no others.
    const string MetaPrefix = "X-Meta-ProGet-Deployment-";

    static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    static readonly string[] Names = ["Application", "Description", "Target", "Url", "UserName", "Date"];
    static readonly string[] FullNames = Array.ConvertAll(Names, name => Prefix + name);
    static readonly string[] MetaNames = Array.ConvertAll(Names, name => MetaPrefix + name);

    /// <summary>Whether a client tags this request.</summary>
    public static bool ArePresent(IHeaderDictionary headers)
    {
        foreach (var (name, _) in headers)
        {
            if (IsOne(name))
                return true;
        }

        return false;
    }

    /// <summary>Kestrel hands these headers over byte for byte, so that no byte in them can fail a download.</summary>
    public static Encoding? EncodingOf(string headerName) =>
        IsOne(headerName) ? Encoding.Latin1 : null;

    static bool IsOne(string headerName) =>
        headerName.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)
        || headerName.StartsWith(MetaPrefix, StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads what the headers say.</summary>
    /// <returns>The fields (trimmed), the first problem in reading them or null, and the headers as text.</returns>
    public static (DeploymentFields Fields, string? Problem, string Raw) Read(IHeaderDictionary headers)
    {
        string? problem = null;
        var raw = new StringBuilder();
        var values = new string?[Names.Length];
        for (var i = 0; i < values.Length; i++)
            values[i] = Value(headers, i, raw, ref problem);
        return (new DeploymentFields
        {
            Application = values[0],
            Description = values[1],
            Target = values[2],
            Url = values[3],
            UserName = values[4],
            Date = values[5],
        }.Trimmed(), problem, raw.ToString());
    }

    /// <summary>
    /// The headers that say what an entry says, literally: what <see cref="Read"/> gives for a plain client.
    /// </summary>
    public static string Write(InboxEntry entry)
    {
        var raw = new StringBuilder();
        Append(raw, FullNames[0], entry.Application);
        Append(raw, FullNames[1], entry.Description);
        Append(raw, FullNames[2], entry.Target);
        if (entry.Url is not null)
            Append(raw, FullNames[3], entry.Url);
        return raw.ToString();
    }

    /// <summary>
    /// What was said by another road, written as headers, so that somebody can mend it as those are. What is no text is
    /// replaced, and nothing is longer than <see cref="WrittenLengthMax"/>.
    /// </summary>
    public static string Write(DeploymentFields fields)
    {
        string?[] said =
        [
            fields.Application, fields.Description, fields.Target, fields.Url, fields.UserName, fields.Date,
        ];
        var raw = new StringBuilder();
        foreach (var (name, text) in FullNames.Zip(said))
        {
            if (text is not null)
                Append(raw, name, string.Concat(text.EnumerateRunes().Take(WrittenLengthMax)
                    .Select(rune => Rune.IsControl(rune) ? Rune.ReplacementChar : rune)));
        }

        return raw.ToString();
    }

    /// <summary>
    /// What headers said that <see cref="Read"/> could not accept, as far as it can be told, from the text that it
    /// kept of them: for somebody to mend. Of a header that says two things, none.
    /// </summary>
    public static DeploymentFields Parse(string raw)
    {
        var values = Names.ToDictionary(
            name => name, _ => new HashSet<string>(StringComparer.Ordinal), StringComparer.OrdinalIgnoreCase);
        foreach (var line in raw.Split('\n'))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > Prefix.Length && line.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)
                && values.TryGetValue(line[Prefix.Length..colon], out var found))
                found.Add(DecodePercent(line[(colon + 1)..].Trim()));
        }

        string? Said(int name) => values[Names[name]] is { Count: 1 } only ? only.Single() : null;
        return new DeploymentFields
        {
            Application = Said(0),
            Description = Said(1),
            Target = Said(2),
            Url = Said(3),
            UserName = Said(4),
            Date = Said(5),
        }.Trimmed();
    }

    static string? Value(IHeaderDictionary headers, int index, StringBuilder raw, ref string? problem)
    {
        if (!headers.TryGetValue(FullNames[index], out StringValues values)
            && !headers.TryGetValue(MetaNames[index], out values))
            return null;

        string? text = null;
        foreach (var value in values)
        {
            var received = DecodeBytes(value ?? "");
            Append(raw, FullNames[index], received);
            text = DecodePercent(received);
        }

        if (values.Count > 1)
            problem ??= $"{FullNames[index]} is given {values.Count} times";
        return text;
    }

    /// <summary>
    /// Bytes are UTF-8; what is none is ISO-8859-1, as Windows PowerShell 5 and older .NET clients send it.
    /// </summary>
    static string DecodeBytes(string bytes)
    {
        if (Ascii.IsValid(bytes))
            return bytes;
        try
        {
            return StrictUtf8.GetString(Encoding.Latin1.GetBytes(bytes));
        }
        catch (DecoderFallbackException)
        {
            return bytes;
        }
    }

    /// <summary>
    /// A value that is wholly ASCII and validly percent-encodes at least one character beyond ASCII is decoded once
    /// more, because many clients cannot send anything but ASCII. <c>100%25</c> therefore stays what it is.
    /// </summary>
    static string DecodePercent(string text) =>
        Ascii.IsValid(text) && PercentEncoding.TryDecode(text) is { } decoded && !Ascii.IsValid(decoded)
            ? decoded
            : text;

    static void Append(StringBuilder raw, string fullName, string value) =>
        raw.Append(fullName).Append(": ").Append(value).Append('\n');
}
