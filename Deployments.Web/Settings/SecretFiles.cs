using System.Text;

namespace Deployments.Web.Settings;

/// <summary>
/// Settings whose value is in a file, as container platforms and systemd hand over secrets: <c>Name__File</c> names the
/// file that <c>Name</c> is read from, once, at the start. So may every setting of this program, the connection string,
/// and the passwords of Kestrel's certificates.
/// </summary>
static class SecretFiles
{
    /// <summary>The largest of these files, in bytes.</summary>
    public const int BytesMax = 64 << 10;

    const string Suffix = ":File";

    static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads the files that are named and adds what is in them.</summary>
    /// <param name="configuration">What was set; gets another source.</param>
    /// <param name="names">The settings of this program.</param>
    /// <returns>What is wrong, a sentence for each; empty when nothing is.</returns>
    public static IReadOnlyList<string> Add(IConfigurationManager configuration, IReadOnlyCollection<string> names)
    {
        var problems = new List<string>();
        var found = new Source();
        foreach (var (key, path) in configuration.AsEnumerable().ToList())
        {
            if (path is null || !key.EndsWith(Suffix, StringComparison.OrdinalIgnoreCase)
                || key[..^Suffix.Length] is var name && !MayBeInFile(name, names))
                continue;
            if (configuration[name] is not null)
                problems.Add($"{Variable(name)} and {Variable(key)} are both given; leave one of them out.");
            else if (Read(path) is var (text, problem) && problem is not null)
                problems.Add($"{Variable(key)} is {SettingsCheck.Quoted(path)}; {problem}.");
            else
                found.Values[name] = (text, path);
        }

        if (found.Values.Count > 0)
            configuration.Add(found);
        return problems;
    }

    /// <summary>The file that a setting was read from; null when it was in none.</summary>
    public static string? PathOrNull(IConfigurationProvider provider, string key) =>
        provider is Provider files && files.Source.Values.TryGetValue(key, out var value) ? value.Path : null;

    static bool MayBeInFile(string name, IReadOnlyCollection<string> names) =>
        names.Contains(name, StringComparer.OrdinalIgnoreCase)
        || name.StartsWith("Kestrel:", StringComparison.OrdinalIgnoreCase)
            && name.EndsWith(":Password", StringComparison.OrdinalIgnoreCase);

    static string Variable(string key) => key.Replace(":", "__", StringComparison.Ordinal);

    static (string Text, string? Problem) Read(string path)
    {
        if (path.Trim().Length == 0)
            return ("", "it must name a file");
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1);
            var bytes = new byte[BytesMax + 1];
            var length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (length > BytesMax)
                return ("", $"a file with a setting may have at most {BytesMax} bytes");
            var text = Strict.GetString(bytes, 0, length);
            return (text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2]
                : text.EndsWith('\n') ? text[..^1]
                : text, null);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return ("", "there is no such file");
        }
        catch (DecoderFallbackException)
        {
            return ("", "it must be a file with text in UTF-8");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException
            or NotSupportedException)
        {
            return ("", "it must be a file that this program may read");
        }
    }

    sealed class Source : IConfigurationSource
    {
        public Dictionary<string, (string Text, string Path)> Values { get; } = new(StringComparer.OrdinalIgnoreCase);

        public IConfigurationProvider Build(IConfigurationBuilder builder) => new Provider(this);
    }

    sealed class Provider(Source source) : ConfigurationProvider
    {
        public Source Source => source;

        public override void Load()
        {
            foreach (var (name, value) in source.Values)
                Data[name] = value.Text;
        }
    }
}
