namespace RnnService.Benchmarks.Trials;

/// <summary>Bodies full of faults, bodies that never end, and large bodies that wait.</summary>
internal static class BodyTrials
{
    private const double AnswerGoal = 8, ProcessorGoal = 0.5;

    public static async Task FieldsAsync(Trial trial)
    {
        int elements = trial.Count(800_000);
        (string Name, string Route, byte[] Body)[] bodies =
        [
            ("unknown fields", "/generate", Attacks.UnknownFields(trial.Count(180_000))),
            ("unknown parameters", "/generate", [.. """{"inputs":"a","parameters":"""u8, .. Attacks.UnknownFields(trial.Count(180_000)), (byte)'}']),
            ("wrong inputs", "/classify", Attacks.WrongElements("""{"inputs":""", elements, "}")),
            ("wrong tokens", "/tag", Attacks.WrongElements("""{"tokens":[""", elements, "]}")),
            ("wrong stop strings", "/generate", Attacks.WrongElements("""{"inputs":"a","parameters":{"stop":""", elements, "}}")),
        ];
        using TrialServer service = await TrialServer.StartAsync(trial);
        using var client = new TrialClient(service.Port, Attacks.One[0]);
        await LightClient.RunAllAsync([LightClient.Generate, LightClient.Classify, LightClient.Tag], service.Port, trial.Seconds(0.5));
        foreach ((string name, string route, byte[] body) in bodies)
        {
            double before = service.ProcessorTime;
            Answer answer = await client.SendAsync(route, body, 20);
            trial.Tell($"{name}: status", $"{answer.Status}");
            trial.AtMost($"{name}: answer", answer.Status == 0 ? null : answer.Bytes / 1e3, AnswerGoal, "kB");
            trial.AtMost($"{name}: processor", service.ProcessorTime - before, ProcessorGoal, "s");
        }

        Answer[] together = await Task.WhenAll(Enumerable.Range(0, trial.Count(12)).Select(async _ =>
        {
            using var another = new TrialClient(service.Port, Attacks.One[0]);
            return await another.SendAsync(bodies[1].Route, bodies[1].Body, 25);
        }));
        trial.AtMost("12 at once: longest wait", together.All(answer => answer.Status > 0) ? together.Max(answer => answer.Seconds) : null, 5, "s");
        if (service.TookTooMuch) trial.Tell("12 at once", $"ended at 8 GB, so as not to endanger the machine");
        await trial.CostAsync(service);
    }

    public static async Task UnfinishedAsync(Trial trial)
    {
        const double Window = 35;
        int count = trial.Count(400);
        using TrialServer service = await TrialServer.StartAsync(trial);
        await LightClient.Classify.RunAsync(service.Port, trial.Seconds(1));
        Waits alone = await LightClient.Classify.RunAsync(service.Port, trial.Seconds(3));
        using var held = HeldSockets.Open(
            service.Port, Attacks.One, count, HeldSockets.Unfinished("/classify", Attacks.BodyBytes), reads: true);
        Task window = Task.Delay(TimeSpan.FromSeconds(trial.Seconds(Window)));
        Waits beside = await LightClient.Classify.RunAsync(service.Port, trial.Seconds(10));
        await Task.WhenAny(held.Released, window);
        bool all = held.ReleasedCount == count;
        trial.AtMost("seconds until all are released", all ? held.LastRelease : null, 32, "s");
        trial.Tell("released", $"{held.ReleasedCount} of {count}: {held.Answers}");
        trial.Light(LightClient.Classify.Name, alone, beside);
        await trial.CostAsync(service);
    }

    public static async Task WaitingAsync(Trial trial)
    {
        const int Largest = 62;
        const double Patience = 38;
        var statuses = new Tally();
        var waits = new List<double>();
        using TrialServer service = await TrialServer.StartAsync(trial);
        await LightClient.Generate.RunAsync(service.Port, trial.Seconds(1));
        Waits alone = await LightClient.Generate.RunAsync(service.Port, trial.Seconds(3));
        // The largest that is not refused for what it is; one that takes long is taken.
        int texts = Largest;
        using (var probe = new TrialClient(service.Port, Attacks.One[0]))
        {
            while (texts > 1 && (await probe.SendAsync("/tag", Attacks.Texts(texts, Attacks.LongestText), 1)).Status is 413 or 422) texts = Attacks.Smaller(texts);
        }

        byte[] body = Attacks.Texts(texts, Attacks.LongestText);
        Task sending = Task.WhenAll(Enumerable.Range(0, trial.Count(400)).Select(async _ =>
        {
            using var client = new TrialClient(service.Port, Attacks.One[0]);
            Answer answer = await client.SendAsync("/tag", body, trial.Seconds(Patience));
            statuses.Add(answer.Status);
            lock (waits) waits.Add(answer.Seconds);
        }));
        Waits beside = await LightClient.Generate.RunAsync(service.Port, trial.Seconds(8));
        await sending;
        trial.Tell("a request", $"{texts} texts, {body.Length / 1e6:F2} MB");
        trial.Tell($"answers within {Patience:F0} s", $"{statuses}");
        trial.AtMost("requests without any answer", statuses[0], 0, "");
        trial.Light(LightClient.Generate.Name, alone, beside);
        await trial.CostAsync(service);
    }
}
