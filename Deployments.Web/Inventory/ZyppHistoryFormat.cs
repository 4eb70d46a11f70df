using System.Runtime.CompilerServices;
using System.Text;

namespace Deployments.Web.Inventory;

/// <summary>
/// zypp's <c>/var/log/zypp/history</c>: a line for each thing it did, fields between bars. A line <c>command</c> begins
/// what one command did; who asked for a package stands beside it, and nobody beside what others need.
/// </summary>
sealed class ZyppHistoryFormat : ILogFormat
{
    /// <inheritdoc/>
    public string Name => "zypp-history";

    /// <inheritdoc/>
    public string Application => "zypper";

    /// <inheritdoc/>
    public string PackageType => "rpm";

    /// <inheritdoc/>
    public async IAsyncEnumerable<LogEntry> ReadAsync(
        Stream input, LogClock clock, [EnumeratorCancellation] CancellationToken ct)
    {
        var transaction = LogTransaction.None;
        await foreach (var (number, text) in InventoryText.LinesAsync(input, InventoryText.EntryBytesMax, ct))
        {
            if (text is null)
                yield return new LogEntry(number) { Problem = LogEntry.TooLong };
            else if (text.Length > 0 && text[0] != '#' && Fields(text) is var fields)
            {
                if (fields is not [var time, var action, _, ..])
                    yield return new LogEntry(number) { Problem = "has not three fields between bars" };
                else if (clock.Read(time) is not { } at)
                    yield return new LogEntry(number) { Problem = "does not begin with a date and a time" };
                else if (action.Trim() == "command")
                    transaction = new LogTransaction(
                        UserOf(fields[2]), LogTransaction.Excerpt(fields.ElementAtOrDefault(3) ?? ""), at, at);
                else if (action.Trim() is "install" or "remove" && Entry(number, fields, at, transaction) is { } entry)
                    yield return entry;
            }
        }
    }

    static LogEntry Entry(long number, List<string> fields, DateTimeOffset at, LogTransaction transaction) =>
        fields is not [_, var action, var name, var version, var architecture, var user, ..]
            ? new LogEntry(number) { Problem = "has not six fields between bars" }
            : new LogEntry(number)
            {
                Package = name,
                Version = version.StartsWith("0:", StringComparison.Ordinal) ? version[2..] : version,
                Architecture = architecture,
                IsRemoval = action.Trim() == "remove",
                IsAutomatic = user.Length == 0,
                // Where the file begins after the command, the package says who and when.
                Transaction = transaction == LogTransaction.None
                    ? new LogTransaction(UserOf(user), "", at, at)
                    : transaction with { At = at },
            };

    // root@web-07
    static string UserOf(string user) => user.Split('@')[0].Trim() is { Length: > 0 } name ? name : LogTransaction.Root;

    // A bar within a field has a backslash before it.
    static List<string> Fields(string line)
    {
        var fields = new List<string>();
        var field = new StringBuilder();
        for (var i = 0; i < line.Length; i++)
        {
            if (line[i] == '\\' && i + 1 < line.Length)
                field.Append(line[++i]);
            else if (line[i] == '|')
            {
                fields.Add(field.ToString());
                field.Clear();
            }
            else
                field.Append(line[i]);
        }

        fields.Add(field.ToString());
        return fields;
    }
}
