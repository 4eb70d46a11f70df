using System.Security.Cryptography;
using Deployments.Data.Notifications;

namespace Deployments.Web.Notifications;

/// <summary>
/// Delivers what is due: rules side by side, so that a slow receiver delays only itself; what a rule tells one after
/// the other. Other nodes may do the same at the same time.
/// </summary>
sealed class NotificationDelivery(
    NotificationOutboxStore outbox, WebhookSender webhooks, MailSender mails, TimeProvider time)
{
    /// <summary>How many webhooks are claimed at a time.</summary>
    public const int WebhooksPerClaim = 20;

    /// <summary>How many notifications go into one mail.</summary>
    public const int EventsPerMail = 200;

    const int RulesAtOnce = 8;

    // The job has few threads to share; what is left is due at once in the next run.
    static readonly TimeSpan TimePerRule = TimeSpan.FromSeconds(20);

    static readonly TimeSpan RetryFirst = TimeSpan.FromSeconds(10);
    static readonly TimeSpan RetryLast = TimeSpan.FromHours(2);

    /// <summary>Delivers what is due now.</summary>
    /// <returns>How many notifications were delivered.</returns>
    public async Task<int> RunOnceAsync(CancellationToken ct)
    {
        var rules = await outbox.DueRulesAsync(ct);
        var delivered = 0;
        await Parallel.ForEachAsync(
            rules, new ParallelOptions { MaxDegreeOfParallelism = RulesAtOnce, CancellationToken = ct },
            async (rule, token) => Interlocked.Add(ref delivered, await DeliverAsync(rule, token)));
        return delivered;
    }

    /// <summary>Tries a rule out, once and at once.</summary>
    /// <param name="rule">A rule that exists.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<DeliveryResult> TestAsync(NotificationRule rule, CancellationToken ct)
    {
        var test = await outbox.AddTestAsync(
            rule.NotificationRuleId, NotificationText.TestFacts(time.GetUtcNow()), ct);
        var result = await SendAsync(rule, [test], ct);
        await outbox.SettleAsync([test], result, TimeSpan.Zero, ct);
        return result;
    }

    /// <summary>
    /// The pause after a failed attempt: ten seconds, then twice as long each time up to two hours, a quarter more or
    /// less, so that what failed together does not come back together.
    /// </summary>
    internal static TimeSpan Pause(int attempts)
    {
        var pause = RetryFirst * Math.Pow(2, Math.Clamp(attempts - 1, 0, 20));
        return (pause < RetryLast ? pause : RetryLast) * (0.75 + (RandomNumberGenerator.GetInt32(501) / 1000.0));
    }

    async Task<int> DeliverAsync(NotificationRule rule, CancellationToken ct)
    {
        var began = time.GetTimestamp();
        var delivered = 0;
        var isMail = rule.Channel == NotificationChannel.Mail;
        while (time.GetElapsedTime(began) < TimePerRule)
        {
            var claimed = await outbox.ClaimAsync(
                rule.NotificationRuleId, isMail ? EventsPerMail : WebhooksPerClaim, ct);
            if (claimed.Count == 0)
                break;
            var (count, goesOn) = await DeliverAsync(
                rule, isMail ? [claimed] : [.. claimed.Select(row => new[] { row })], began, ct);
            delivered += count;
            if (!goesOn)
                break;
        }

        return delivered;
    }

    // A receiver that does not answer at all is left alone for a while with everything else.
    async Task<(int Delivered, bool GoesOn)> DeliverAsync(
        NotificationRule rule, IReadOnlyList<IReadOnlyList<ClaimedNotification>> parts, long began,
        CancellationToken ct)
    {
        var delivered = 0;
        for (var i = 0; i < parts.Count; i++)
        {
            var part = parts[i];
            if (ct.IsCancellationRequested || time.GetElapsedTime(began) >= TimePerRule)
            {
                await ReleaseAsync(parts.Skip(i), TimeSpan.Zero);
                return (delivered, false);
            }

            DeliveryResult result;
            try
            {
                result = await SendAsync(rule, part, ct);
            }
            catch (OperationCanceledException)
            {
                // This one stays claimed: the receiver may have it or not.
                await ReleaseAsync(parts.Skip(i + 1), TimeSpan.Zero);
                throw;
            }

            var pause = Pause(part.Max(row => row.Attempts));
            await outbox.SettleAsync(part, result, pause, CancellationToken.None);
            if (result.Ok)
                delivered += part.Count;
            else if (result.Status is null)
            {
                await ReleaseAsync(parts.Skip(i + 1), pause);
                return (delivered, false);
            }
        }

        return (delivered, true);
    }

    async Task ReleaseAsync(IEnumerable<IReadOnlyList<ClaimedNotification>> parts, TimeSpan pause)
    {
        var rest = parts.SelectMany(part => part).ToList();
        if (rest.Count > 0)
            await outbox.ReleaseAsync(rest, pause, CancellationToken.None);
    }

    Task<DeliveryResult> SendAsync(
        NotificationRule rule, IReadOnlyList<ClaimedNotification> part, CancellationToken ct) =>
        rule.Channel == NotificationChannel.Mail
            ? mails.SendAsync(rule, part, ct)
            : webhooks.SendAsync(rule, part[0], ct);
}
