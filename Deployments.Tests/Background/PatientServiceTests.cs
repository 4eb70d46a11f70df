using Deployments.Tests.Support;
using Deployments.Web.Background;

namespace Deployments.Tests.Background;

public sealed class PatientServiceTests
{
    [Fact]
    public async Task A_stop_does_not_wait_for_a_statement_that_cannot_be_cancelled()
    {
        using var answer = new ManualResetEventSlim();
        using var service = new Asking(answer);
        await service.StartAsync(CancellationToken.None);
        await service.Asked.WaitAsync(Patience.Limit);

        await service.StopAsync(CancellationToken.None).WaitAsync(Patience.Limit);

        Assert.False(service.HasWrittenLast);
        answer.Set();
        await service.ExecuteTask!.WaitAsync(Patience.Limit);
    }

    [Fact]
    public async Task What_is_left_is_written_when_the_work_has_ended()
    {
        using var answer = new ManualResetEventSlim(initialState: true);
        using var service = new Asking(answer);
        await service.StartAsync(CancellationToken.None);
        await service.Asked.WaitAsync(Patience.Limit);

        await service.StopAsync(CancellationToken.None).WaitAsync(Patience.Limit);

        Assert.True(service.HasWrittenLast);
    }

    // As Npgsql does: within the call that cancels, it waits for the server.
    sealed class Asking(ManualResetEventSlim answer) : PatientService
    {
        readonly TaskCompletionSource asked = new();

        public Task Asked => asked.Task;

        public bool HasWrittenLast { get; private set; }

        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            var end = new TaskCompletionSource();
            await using var cancelled = stoppingToken.Register(() =>
            {
                answer.Wait(CancellationToken.None);
                end.SetResult();
            });
            asked.SetResult();
            await end.Task;
        }

        protected override Task WriteLastAsync()
        {
            HasWrittenLast = true;
            return Task.CompletedTask;
        }
    }
}
