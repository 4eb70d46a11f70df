using System.Security;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Deployments.Web.Pages.Connect;

/// <summary>Text as a literal of the languages in which snippets are written. Pure.</summary>
static partial class Quoting
{
    static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Between single quotes, for a POSIX shell.</summary>
    public static string Shell(string text) => $"'{text.Replace("'", @"'\''", StringComparison.Ordinal)}'";

    /// <summary>Between single quotes, for PowerShell, which takes typographic quotes for quotes.</summary>
    public static string PowerShell(string text) => $"'{PowerShellQuotes().Replace(text, "$0$0")}'";

    /// <summary>Between double quotes, for JSON, YAML and TOML, whose escapes JSON's are.</summary>
    public static string Json(string text) => JsonSerializer.Serialize(text, Plain);

    /// <summary>As the text of an element.</summary>
    public static string Xml(string text) => SecurityElement.Escape(text);

    /// <summary>Inside three single quotes of Groovy, where a backslash begins an escape.</summary>
    public static string Groovy(string text) => text
        .Replace(@"\", @"\\", StringComparison.Ordinal).Replace("'", @"\'", StringComparison.Ordinal);

    /// <summary>As lines that all begin so far to the right.</summary>
    public static string Indent(string text, int columns) =>
        string.Join('\n', text.Split('\n').Select(line => new string(' ', columns) + line));

    [GeneratedRegex("['\u2018\u2019\u201A\u201B]")]
    private static partial Regex PowerShellQuotes();
}
