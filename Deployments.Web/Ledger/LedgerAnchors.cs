using System.Text;
using Deployments.Data.Evidence;
using Deployments.Web.Notifications;
using Deployments.Web.Settings;

namespace Deployments.Web.Ledger;

/// <summary>
/// Notes outside of the database what the ledger is, so that whoever may change the database cannot rewrite it unseen:
/// in a file, and by a webhook, where the settings name them.
/// </summary>
/// <param name="chain">Chains what waits before it is noted.</param>
/// <param name="ledger">Tells what the ledger is.</param>
/// <param name="anchors">Remembers what was noted.</param>
/// <param name="signer">Signs it.</param>
/// <param name="webhooks">Sends it.</param>
/// <param name="settings">Where to.</param>
/// <param name="time">The clock.</param>
sealed class LedgerAnchors(
    LedgerChainStore chain, LedgerQueries ledger, LedgerAnchorStore anchors, LedgerSigner signer,
    WebhookSender webhooks, DeploymentsSettings settings, TimeProvider time)
{
    const string InFile = "file";
    const string ByWebhook = "webhook";

    /// <summary>Where the settings have it noted; empty: nowhere.</summary>
    public IReadOnlyList<string> Places =>
    [
        .. settings.LedgerAnchorFile is null ? [] : (string[])[InFile],
        .. settings.LedgerAnchorWebhook is null ? [] : (string[])[ByWebhook],
    ];

    /// <summary>Notes the newest head wherever the settings say, unless that is there already.</summary>
    /// <returns>The size of the head that was noted; null when there was nothing to note.</returns>
    /// <exception cref="InvalidOperationException">A place did not take it; the message says which.</exception>
    public async Task<long?> NoteAsync(CancellationToken ct)
    {
        if (Places.Count == 0)
            return null;
        await chain.ChainAsync(ct);
        var head = await ledger.HeadAsync(ct);
        var newest = await anchors.NewestAsync(1, ct) is [var one] ? one : null;
        if (head.Size == 0 || (newest?.Size == head.Size && Places.All(newest.Places.Contains)))
            return null;
        var at = time.GetUtcNow();
        var line = AnchorFile.Line(head, at, await signer.SignAsync(head, ct));
        var (done, problems) = (new List<string>(), new List<string>());
        if (settings.LedgerAnchorFile is { } path)
            Note(InFile, await AppendedAsync(path, line, ct));
        if (settings.LedgerAnchorWebhook is { } url)
            Note(ByWebhook, await webhooks.PostAsync(
                url.AbsoluteUri, "ledger.anchored", Encoding.UTF8.GetBytes(line), ct));
        if (done.Count > 0)
            await anchors.AddAsync(head, at, done, ct);
        return problems.Count == 0
            ? head.Size
            : throw new InvalidOperationException($"The ledger is not anchored. {string.Join(' ', problems)}");

        void Note(string place, string? problem)
        {
            if (problem is null)
                done.Add(place);
            else
                problems.Add(problem);
        }
    }

    /// <summary>What was noted in this node's file.</summary>
    public Task<LedgerWitness> ReadAsync(CancellationToken ct) => ReadAsync(settings, ct);

    /// <summary>What was noted in the file that the settings name; nothing when they name none.</summary>
    internal static async Task<LedgerWitness> ReadAsync(DeploymentsSettings settings, CancellationToken ct)
    {
        try
        {
            return settings.LedgerAnchorFile is { } path && File.Exists(path)
                ? await AnchorFile.ReadAsync(path, ct)
                : LedgerWitness.None;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new LedgerWitness([], [$"The file of anchors cannot be read: {exception.Message}"]);
        }
    }

    static async Task<string?> AppendedAsync(string path, string line, CancellationToken ct)
    {
        try
        {
            await AnchorFile.AppendAsync(path, line, ct);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return $"Its file cannot be written: {exception.Message}";
        }
    }
}
